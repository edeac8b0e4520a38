/** The hidden states that predict completion tokens, for either side of a loss. */

import type { ReadOut } from '../losses/tokenLoss';
import { causalAttention } from '../model/attention';
import type { ModelConfig } from '../model/config';
import { ropeTables, ropeTablesAt } from '../model/rope';
import { headName, hiddenStates, type Weights } from '../model/transformer';
import type { Tensor } from '../tensors/tensorflow';
import type { DeviceView } from './align';

/** Hidden states [N, D] at a view's rows. */
export function completionStates(config: ModelConfig, weights: Weights, { ids, rows, packing }: DeviceView): Tensor {
  const length = ids.shape[1] as number;
  const rope = packing ? ropeTablesAt(config, packing.positions, packing.limit) : ropeTables(config, length);
  return hiddenStates(config, weights, {
    ids,
    rows,
    rope,
    attend: causalAttention(config, length, { spans: packing?.spans }),
  });
}

/** What `overVocabulary` reads logits out of: hidden states and the head. Heads carry no adapter. */
export function readOut(config: ModelConfig, weights: Weights, view: DeviceView): ReadOut {
  const { params, precision } = weights;
  const hidden = completionStates(config, weights, view);
  return { hidden, head: params[headName(config)] as Tensor, ...(precision && { precision }) };
}
