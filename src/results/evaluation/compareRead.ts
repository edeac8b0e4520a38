/** Reads evaluations for a comparison, from run folders, evaluation folders or results.json files. */
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

/**
 * Reads evaluations in the given order. For those by log-likelihood, it takes the accuracy by `rule`, which counts as
 * part of the mode. Throws InputError for a path without an evaluation, or without its samples.
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
        throw new InputError(`${file} is missing or empty, but a comparison needs every answer; evaluate again.`);
      // Earlier versions recorded no mode; they asked in the task's own way.
      const mode = configs?.[task]?.mode ?? 'task';
      const scored = rows.map((row) => scoredQuestion(row, rule));
      return { task, mode: rows[0]?.loglikelihoods ? `${mode} ${rule}` : mode, questions: scored };
    });
    return { name, path: folder, tasks };
  });
}
