/** The hidden states that predict completion tokens, for either side of a loss. */

import { causalAttention } from '../../engine/model/attention';
import type { ModelConfig } from '../../engine/model/config';
import { ropeTables, ropeTablesAt } from '../../engine/model/rope';
import { headName, hiddenStates, type Weights } from '../../engine/model/transformer';
import type { Tensor } from '../../engine/tensors/tensorflow';
import type { ReadOut } from '../losses/tokenLoss';
import type { DeviceView } from './align';

/** How a view is read: its ids and rows with rotary tables and attention. */
type Reading = Parameters<typeof hiddenStates>[2];

/** Makes ready what reading a view takes beside weights. Layers that are computed again need it to outlive the forward pass. @internal */
export function readingOf(config: ModelConfig, { ids, rows, packing }: DeviceView): Reading {
  const length = ids.shape[1] as number;
  const rope = packing ? ropeTablesAt(config, packing.positions, packing.limit) : ropeTables(config, length);
  return { ids, rows, rope, attend: causalAttention(config, length, { spans: packing?.spans }) };
}

/**
 * What `overVocabulary` reads logits out of: the hidden states [N, D] that predict a view's completion tokens, and the head. Heads
 * carry no adapter.
 */
export function readOut(config: ModelConfig, weights: Weights, reading: Reading): ReadOut {
  const { params, precision } = weights;
  const hidden = hiddenStates(config, weights, reading);
  return { hidden, head: params[headName(config)] as Tensor, ...(precision && { precision }) };
}
