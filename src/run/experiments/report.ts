/** The report of a run folder: read what is there, render one self-contained page. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellWord } from '../../base/records/printable';
import type { EvaluationResults } from '../../base/records/rows';
import { openRun, type Run } from '../../base/records/runReader';
import { writeFileAtomic } from '../../engine/files/jsonl';
import { avgScores } from '../../results/evaluation/results';
import { renderReport } from '../../results/report/report';
import type { MethodSummary, ReportData, RubricCounts } from '../../results/report/reportData';
import type { MethodComparison } from './comparison';

/** Writes report.html into the run folder and returns its path. Throws InputError when the folder is no run. */
export function writeReport(path: string): string {
  const target = join(path, 'report.html');
  writeFileAtomic(target, renderReport(reportData(openRun(path))));
  return target;
}

/** A run as the report shows it: the recorded comparison, or before and after of a plain training run. */
export function reportData(run: Run): ReportData {
  const comparison = run.comparison() as unknown as MethodComparison | undefined;
  const parts = comparison
    ? comparison.curves.map(({ name, folder }) => ({ name, path: join(run.path, folder) }))
    : [{ name: run.name, path: run.path }, ...run.stages().map((stage) => ({ name: stage.name, path: stage.path }))];
  const curves = parts
    .filter(({ path }) => existsSync(join(path, 'metrics.jsonl')))
    .map(({ name, path }) => ({ name, metrics: openRun(path).metrics() }))
    .filter(({ metrics }) => metrics.length > 0);
  return {
    title: comparison ? `${comparison.title}: ${run.name}` : `Training run: ${run.name}`,
    lead: comparison?.lead,
    methods: comparison?.methods ?? beforeAndAfter(run),
    intervals:
      '95 % intervals over questions (normal, samples of a question clustered; recovered shares: bootstrap over questions)',
    strata: comparison?.strata,
    families: comparison?.families,
    rubricCounts: comparison?.rubricCounts ?? countRubrics(run),
    rubrics: comparison?.rubrics,
    guidance: comparison?.guidance,
    curves,
    warnings: [...(comparison?.warnings ?? []), ...run.warnings(), ...parts.flatMap(raised)].map((text) =>
      text.replaceAll(`${dirname(run.path)}/`, ''),
    ),
    settings: withoutPlaces(run.config.settings) as object,
    provenance: withoutPlaces(provenance(run)) as ReturnType<typeof provenance>,
    reproduce: (
      comparison?.reproduce ?? `npx rcsd train --config ${shellWord(join(run.path, 'config.json'))}`
    ).replaceAll(PLACE_IN_COMMAND, '$1…/'),
  };
}

/** Absolute paths as a setting's value, and among the words of a command. */
const PLACE = /^((?:file:)?)\/.*\//s;
const PLACE_IN_COMMAND = /((?:^|[\s='"]|=file:))\/(?:[^\s'"]+\/)+/g;

/** Values without the places at which files lie on this machine: a page is for others too. */
export function withoutPlaces(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(PLACE, '$1…/');
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutPlaces(inner)]));
}

/** What training warned of in a part of the run. */
function raised({ name, path }: { readonly name: string; readonly path: string }): string[] {
  if (!existsSync(join(path, 'config.json'))) return [];
  return openRun(path)
    .trainingWarnings()
    .map(({ step, message }) => `${name}, step ${step}: ${message}`);
}

function provenance({ config }: Run): Record<string, string | number> {
  const versions = Object.entries(config.versions).map(([name, version]) => [`version of ${name}`, version]);
  return {
    started: config.created,
    commit: config.git_commit ?? 'not in a repository',
    processor: config.cpu,
    threads: config.threads,
    ...Object.fromEntries(versions),
  };
}

/** Counts of the rubrics that a model wrote in this run: those between the stages, else the probe behind stage I. */
function countRubrics(run: Run): RubricCounts | undefined {
  const rows = [run, ...run.stages()]
    .map((part) => part.rubrics())
    .find((found) => found.some(({ text }) => text !== undefined));
  if (!rows) return undefined;
  const valid = rows.filter((row) => row.valid).length;
  const retried = rows.filter(({ attempts }) => (attempts ?? 1) > 1).length;
  return { asked: rows.length, valid, retried, dropped: rows.length - valid };
}

function beforeAndAfter(run: Run): MethodSummary[] {
  return (['before', 'after'] as const).flatMap((moment) => {
    const recorded = run.evaluation(moment);
    return recorded ? summaries(moment, recorded.results) : [];
  });
}

/** One line for each decoding of each task. */
function summaries(moment: string, results: EvaluationResults): MethodSummary[] {
  return Object.keys(results.results).flatMap((task) => {
    const method = `${moment} training (${task})`;
    return avgScores(results, task).map(({ low, high, value, n, ...own }) => ({
      method,
      ...own,
      accuracy: { value, low, high },
      questions: n,
    }));
  });
}
