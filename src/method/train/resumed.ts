/** Where a stage goes on: its latest checkpoint, which the first rank reads and hands on to the others. */
import type { LoraSettings } from '../../base/config/configs';
import type { RunFolder } from '../../base/records/runWriter';
import type { LanguageModel } from '../../engine/model/model';
import { copyParams } from '../../engine/model/rankParams';
import { leads, led } from '../../engine/model/ranks';
import type { Params } from '../../engine/tensors/gradients';
import { latestCheckpoint, readCheckpoint } from './checkpoint';

/** The state to go on from, undefined at the start; the caller owns its tensors. `first` gives the names of the trained parameters. */
export async function resumedState(
  {
    model: { ranks },
    folder,
    lora,
  }: { readonly model: LanguageModel; readonly folder: RunFolder; readonly lora: LoraSettings },
  first: Params,
): Promise<ReturnType<typeof readCheckpoint> | undefined> {
  const saved = leads(ranks) ? latestCheckpoint(folder.path) : undefined;
  const own = saved && readCheckpoint(saved.path, lora, first);
  if (!ranks) return own;
  const facts = await led(ranks, () => own && { step: own.step, updates: own.state.updates, taught: !!own.teacher });
  if (!facts) return undefined;
  const { step, updates, taught } = facts;
  const trainable = await copyParams(ranks, own?.state.trainable, first);
  const m = await copyParams(ranks, own?.state.moments.m, first);
  const v = await copyParams(ranks, own?.state.moments.v, first);
  const teacher = taught && { teacher: await copyParams(ranks, own?.teacher, first) };
  return { step, state: { trainable, moments: { m, v }, updates }, ...teacher };
}
