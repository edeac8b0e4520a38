/** Runs the model over a view and picks the hidden states that predict completion tokens, for student or teacher. */

import { causalAttention } from '../../engine/model/attention';
import type { ModelConfig } from '../../engine/model/config';
import { ropeTables, ropeTablesAt } from '../../engine/model/rope';
import { headMatrix, hiddenStates, type Weights } from '../../engine/model/transformer';
import type { ReadOut } from '../losses/tokenLoss';
import type { DeviceView } from './align';

/** What reading a view takes beside the weights: ids, rows, rotary tables and attention. */
type Reading = Parameters<typeof hiddenStates>[2];

/**
 * Prepares a view for reading. Where layers are recomputed in the backward pass, the result must live until that pass
 * is done. @internal
 */
export function readingOf(config: ModelConfig, { ids, rows, packing }: DeviceView): Reading {
  const length = ids.shape[1] as number;
  const rope = packing ? ropeTablesAt(config, packing.positions, packing.limit) : ropeTables(config, length);
  return { ids, rows, rope, attend: causalAttention(config, length, { spans: packing?.spans }) };
}

/**
 * What `overVocabulary` computes logits from: the hidden states [N, D] that predict a view's completion tokens, and the
 * output head. Adapters on the head are not supported.
 */
export function readOut(config: ModelConfig, weights: Weights, reading: Reading): ReadOut {
  const { precision } = weights;
  const hidden = hiddenStates(config, weights, reading);
  return { hidden, head: headMatrix(config, weights), ...(precision && { precision }) };
}
