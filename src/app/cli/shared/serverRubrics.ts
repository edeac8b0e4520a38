/** `rcsd rubrics generate` with a model behind a server. */
import type { TrainConfig } from '../../../base/config/configs';
import { UnavailableError } from '../../../base/records/errors';
import type { Question } from '../../../base/records/question';
import { openChat } from '../../../method/rollout/remote/openChat';
import type { GeneratedRubrics } from '../../../method/rubrics/generate';
import { loadTask } from '../../../questions/load';
import { writeServerRubrics } from '../../../run/session/serverRubrics';
import type { ParsedArguments } from './arguments';
import type { CommandContext } from './command';
import { ENDPOINT_OPTIONS, endpointSettings, refuseAdapter } from './endpointOptions';
import { printBeside } from './print';
import { sayingWhatIsKept } from './stopped';

/** The command's own option `cache` is the server's cache of replies: a reply that is kept is a rubric that is not asked for again. */
export const RUBRIC_SERVER_OPTIONS = ENDPOINT_OPTIONS.filter(({ name }) => !/^(cache|price_.*)$/.test(name));

/**
 * The profile's top_k is no field of the protocol. It is left out, which is told, unless it was given: that is refused later.
 */
function withoutTopK(
  args: ParsedArguments,
  { rubric_sampling: sampling }: TrainConfig,
): TrainConfig['rubric_sampling'] {
  const { top_k: topK } = sampling;
  if (topK === 0 || args.overrides.some((override) => /^(rubric_sampling\.)?top_k=/.test(override))) return sampling;
  if (!('top_k' in endpointSettings(args).extra))
    printBeside(
      `The server is asked without top_k=${topK}, which is not part of the OpenAI protocol; extra={"top_k":${topK}} sends it to one that knows it.\n`,
    );
  return { ...sampling, top_k: 0 };
}

/** The rubrics that the model behind the address writes for the questions that `choose` takes. */
export async function askServer(
  args: ParsedArguments,
  config: TrainConfig,
  {
    choose,
    signal,
    progress,
  }: CommandContext & { choose(split: Record<'train' | 'test', readonly Question[]>): readonly Question[] },
): Promise<GeneratedRubrics & { readonly failed: number }> {
  refuseAdapter(config.adapter);
  const endpoint = endpointSettings(args);
  const loaded = loadTask(config.data);
  const asked = { ...config, rubric_sampling: withoutTopK(args, config) };
  const chat = await openChat(config.model, endpoint);
  const kept =
    endpoint.cache === undefined
      ? 'nothing of it is kept; with a cache replies are, and the same command goes on'
      : `replies are in ${endpoint.cache}, and the same command goes on`;
  try {
    const options = { batchSize: 8 * endpoint.concurrency, signal, onProgress: progress.onProgress };
    const written = await sayingWhatIsKept(kept, () =>
      writeServerRubrics(loaded.task, { chat, questions: choose(loaded), config: asked, ...options }),
    );
    const { rows, failed } = written;
    if (failed > 0 && failed === rows.length)
      throw new UnavailableError(`${config.model} wrote no rubric at all (${rows[0]?.reason}).`);
    return written;
  } finally {
    chat.dispose();
  }
}
