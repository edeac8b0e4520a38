/** Evaluations as comparison reads them: run folders, evaluation folders, results.json files. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../../base/records/errors';
import { readEvaluation, samplesFile } from '../../base/records/runReader';
import { type ScoredQuestion, scoredQuestion } from './groups';
import { type LikelihoodRule, USUAL_RULE } from './loglikelihood';

/** One data set as one run answered it. */
export interface MeasuredTask {
  readonly task: string;
  /** How questions were asked and answers read. */
  readonly mode: string;
  readonly questions: readonly ScoredQuestion[];
}

/** One evaluation under the name by which it is told from the others. */
export interface Measured {
  readonly name: string;
  readonly path: string;
  readonly tasks: readonly MeasuredTask[];
}

/** The folder with results.json that a path stands for; of a run, its last evaluation. */
function evaluationFolder(path: string): string {
  if (!existsSync(path)) throw new InputError(`There is no ${path}; give a run folder or an evaluation's folder.`);
  if (basename(path) === 'results.json') return dirname(path);
  const places = [path, join(path, 'eval', 'after'), join(path, 'eval', 'before')];
  const found = places.find((place) => existsSync(join(place, 'results.json')));
  if (found !== undefined) return found;
  const begun = existsSync(join(path, 'evaluation.json'));
  throw new InputError(
    begun
      ? `${path} holds an evaluation that is not finished; the command that began it goes on.`
      : `${path} holds no evaluation (no results.json, no eval/after and no eval/before).`,
  );
}

/** A short name: the folder's, without what every run's evaluation is called. */
function nameOf(folder: string): string {
  const parts = resolve(folder).split('/');
  const moment = parts.at(-1) ?? '';
  if (parts.at(-2) !== 'eval' || (moment !== 'after' && moment !== 'before')) return moment;
  return moment === 'after' ? (parts.at(-3) ?? moment) : `${parts.at(-3)} before`;
}

/**
 * Reads evaluations in the order given; of those by log-likelihood, the accuracy by `rule`, which counts as part of the mode. Throws InputError where a path holds none, or its samples are missing.
 */
export function readMeasured(paths: readonly string[], rule: LikelihoodRule = USUAL_RULE): Measured[] {
  const folders = paths.map(evaluationFolder);
  const names = folders.map(nameOf);
  return folders.map((folder, i) => {
    const own = names[i] as string;
    const name = names.filter((other) => other === own).length > 1 ? (paths[i] as string) : own;
    const record = readEvaluation(folder);
    const { results = {}, configs } = record?.results ?? {};
    const tasks = Object.keys(results).map((task): MeasuredTask => {
      const file = samplesFile(folder, task);
      const rows = record?.samples(task) ?? [];
      if (rows.length === 0)
        throw new InputError(`${file} is missing or empty; a comparison needs every answer, so evaluate again.`);
      // Evaluations of earlier versions asked in the task's own way.
      const mode = configs?.[task]?.mode ?? 'task';
      const scored = rows.map((row) => scoredQuestion(row, rule));
      return { task, mode: rows[0]?.loglikelihoods ? `${mode} ${rule}` : mode, questions: scored };
    });
    return { name, path: folder, tasks };
  });
}
