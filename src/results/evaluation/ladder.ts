/**
 * The decoding ladder: one evaluation that decodes greedily and at temperatures 0.5 and 1, so that a score which holds at
 * one temperature alone shows as one. Answers are drawn once for each temperature; avg@k, maj@k and pass@k come from the
 * same ones.
 */
import type { EvaluationSettings } from '../../base/config/configs';
import { decodingOf, samplingText } from '../../base/records/decoding';
import { type OperationOptions, underName } from '../../base/records/events';
import { type Evaluation, type EvaluationRequest, evaluate, summarize } from './evaluate';
import { groupsOf } from './groups';

/** The temperatures at which a ladder samples after its greedy answers. */
const TEMPERATURES = [0.5, 1] as const;

/** The settings of greedy answers, of which one to a question is all. */
export const greedy = (settings: EvaluationSettings): EvaluationSettings => ({
  ...settings,
  temperature: 0,
  samples: 1,
});

/** The decodings that an evaluation consists of: those of the ladder, greedy first, or the one of the settings. */
export function decodingsOf(settings: EvaluationSettings): EvaluationSettings[] {
  if (!settings.ladder) return [settings];
  const sampled = TEMPERATURES.map((temperature) => ({ ...settings, temperature }));
  return [greedy(settings), ...sampled];
}

/** Evaluates under each decoding of the settings, in order; the last one is at the settings' own temperature. */
export async function evaluateDecodings(
  request: EvaluationRequest,
  options: OperationOptions = {},
): Promise<Evaluation[]> {
  const decodings = decodingsOf(request.settings);
  const evaluations: Evaluation[] = [];
  for (const settings of decodings) {
    const told = decodings.length > 1 ? underName(options, samplingText(decodingOf(settings))) : options;
    evaluations.push(await evaluate({ ...request, settings }, told));
  }
  return evaluations;
}

/**
 * The evaluation on each stratum (`metadata.stratum`, a property by which a data set wants its scores apart), in order of
 * appearance; none where no question has one.
 */
export function byStratum({ results, summary: { decoding } }: Evaluation): Map<string, Evaluation> {
  const names = [...new Set(results.flatMap(({ question }) => groupsOf(question).stratum ?? []))];
  return new Map(
    names.map((name) => {
      const own = results.filter(({ question }) => groupsOf(question).stratum === name);
      return [name, { summary: summarize(own, decoding), results: own }];
    }),
  );
}
