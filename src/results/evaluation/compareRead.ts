/** Reads evaluations for a comparison, from run folders, evaluation folders or results.json files. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Decoding, decodingName, decodingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import type { Inputs } from '../../base/records/rows';
import { readEvaluation, samplesFile } from '../../base/records/runReader';
import { type ScoredQuestion, scoredQuestion } from './groups';
import { type LikelihoodRule, USUAL_RULE } from './loglikelihood';
import { rowsByDecoding } from './results';

/** One data set as one run answered it. */
export interface MeasuredTask {
  readonly task: string;
  /** How questions were asked and answers read. */
  readonly mode: string;
  /** How the answers were drawn; undefined where that is not recorded, and where choices were scored. */
  readonly decoding?: Decoding;
  /** SHA-256 of the weights of a judge of this machine; undefined without one, and in the files of earlier versions. */
  readonly judgeWeights?: string;
  readonly questions: readonly ScoredQuestion[];
}

/** One evaluation, with a name that tells it from the others. */
export interface Measured {
  readonly name: string;
  readonly path: string;
  readonly tasks: readonly MeasuredTask[];
}

/** The folder with results.json that a path means; for a run, that of its last evaluation. */
function evaluationFolder(path: string): string {
  if (!existsSync(path)) throw new InputError(`There is no ${path}; give a run folder or an evaluation's folder.`);
  if (basename(path) === 'results.json') return dirname(path);
  const places = [path, join(path, 'eval', 'after'), join(path, 'eval', 'before')];
  const found = places.find((place) => existsSync(join(place, 'results.json')));
  if (found !== undefined) return found;
  const begun = existsSync(join(path, 'evaluation.json'));
  throw new InputError(
    begun
      ? `${path} contains an evaluation that is not finished; run the command that began it again.`
      : `${path} contains no evaluation (no results.json, no eval/after and no eval/before).`,
  );
}

/** A short name: that of the folder, without the parts that every run's evaluation has. */
function nameOf(folder: string): string {
  const parts = resolve(folder).split('/');
  const moment = parts.at(-1) ?? '';
  if (parts.at(-2) !== 'eval' || (moment !== 'after' && moment !== 'before')) return moment;
  return moment === 'after' ? (parts.at(-3) ?? moment) : `${parts.at(-3)} before`;
}

/** Which of the scores that an evaluation has. */
export interface MeasuredChoice {
  /** For evaluations by log-likelihood, whose rule counts as part of the mode. */
  readonly rule?: LikelihoodRule;
  /** The name of a decoding (`greedy`, `t0.5`, `t1`), for evaluations that have several. */
  readonly decoding?: string;
}

/** The rows of the wanted decoding. Throws InputError where it is not there, and where there are several to choose from. */
function takeDecoding(
  groups: ReturnType<typeof rowsByDecoding>,
  { path, wanted }: { readonly path: string; readonly wanted?: string },
): (typeof groups)[number] | undefined {
  const names = groups.map(({ decoding }) => decoding && decodingName(decoding));
  const [only] = groups;
  if (wanted === undefined) {
    if (groups.length <= 1) return only;
    throw new InputError(
      `${path} has answers of several decodings; choose one with --decoding ${names.join(' or --decoding ')}.`,
    );
  }
  const found = groups[names.indexOf(wanted)];
  if (found || !only) return found;
  const known = groups.map(({ decoding }) => decodingText(decoding)).join('; ');
  throw new InputError(`${path} has no answers of --decoding ${wanted}; it has: ${known}.`);
}

/**
 * Reads evaluations in the given order. Throws InputError for a path without an evaluation, without its samples or
 * without the wanted decoding.
 */
export function readMeasured(
  paths: readonly string[],
  { rule = USUAL_RULE, decoding: wanted }: MeasuredChoice = {},
): Measured[] {
  const folders = paths.map(evaluationFolder);
  const names = folders.map(nameOf);
  return folders.map((folder, i) => {
    const own = names[i] as string;
    const name = names.filter((other) => other === own).length > 1 ? (paths[i] as string) : own;
    const record = readEvaluation(folder);
    const { results = {}, configs, config } = record?.results ?? {};
    const inputs = config?.inputs as Inputs | undefined;
    const tasks = Object.keys(results).map((task): MeasuredTask => {
      const file = samplesFile(folder, task);
      const all = record?.samples(task) ?? [];
      const found = takeDecoding(rowsByDecoding(all, { config: record?.results.config ?? {} }), {
        path: paths[i] as string,
        ...(wanted !== undefined && { wanted }),
      });
      if (!found)
        throw new InputError(`${file} is missing or empty, but a comparison needs every answer; evaluate again.`);
      const { decoding, rows } = found;
      // Earlier versions recorded no mode; they asked in the task's own way.
      const mode = configs?.[task]?.mode ?? 'task';
      const scored = rows.map((row) => scoredQuestion(row, rule));
      const judgeWeights = inputs?.judge_weights;
      const common = {
        ...{ task, questions: scored },
        ...(decoding && { decoding }),
        ...(judgeWeights !== undefined && { judgeWeights }),
      };
      return { ...common, mode: rows[0]?.loglikelihoods ? `${mode} ${rule}` : mode };
    });
    return { name, path: folder, tasks };
  });
}
