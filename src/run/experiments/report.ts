/** The report of a run folder: read what is there, render one self-contained page. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellWord } from '../../base/records/printable';
import type { EvaluationResults } from '../../base/records/rows';
import { openRun, type Run } from '../../base/records/runReader';
import { writeFileAtomic } from '../../engine/files/jsonl';
import { ALGORITHMS } from '../../method/algorithms';
import { scoresOfRow } from '../../method/scoring/guidance';
import { avgScores } from '../../results/evaluation/results';
import { inspectorScript } from '../../results/report/inspector/html';
import type { ClipSettings } from '../../results/report/inspector/quantities';
import { renderReport } from '../../results/report/report';
import type {
  MethodDescription,
  MethodSummary,
  ReportData,
  RubricCounts,
  RunCost,
} from '../../results/report/reportData';
import type { MethodComparison } from './comparison';

/** Throws InputError where no report could be written: better before long work than behind it. */
export function requireReportable(): void {
  inspectorScript();
}

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
  // Of a comparison each run below it, once.
  const runsIn = comparison
    ? [...new Set(comparison.curves.map(({ folder }) => folder.split('/')[0] as string))]
        .filter((folder) => existsSync(join(run.path, folder, 'config.json')))
        .map((folder) => ({ name: folder, run: openRun(join(run.path, folder)) }))
    : [{ name: run.name, run }];
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
    rubricRule: 'The first two held-out questions, in the order of the data, for which there is a valid rubric.',
    ...(comparison
      ? {
          guidance: comparison.guidance,
          guidanceRule:
            'The first wrong answer of the untrained base to each of the first two held-out questions, in the order of the data, that it answers wrongly and that have a rubric.',
        }
      : trainedGuidance(run)),
    data: comparison ? [] : run.data(),
    about: runsIn.map(({ name, run: own }) => describe(name, own)),
    cost: costOf(run, comparison),
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

/** What the algorithm of a run does. */
function describe(name: string, { config }: Run): MethodDescription {
  const { algorithm } = config.settings;
  const found = ALGORITHMS.find((own) => own.name === algorithm);
  const { teacher = '–', completions = '–', loss = '–', source = '–' } = found?.about ?? {};
  const sees = (config.settings.stage2 as { readonly teacher_context?: string } | undefined)?.teacher_context ?? '';
  return {
    method: name,
    teacher: plain(teacher),
    rubrics: sees.includes('rubric') ? String(config.settings.rubric_source) : '–',
    completions: plain(completions),
    loss: plain(loss),
    source: plain(source),
  };
}

/** Text of the docs' tables without its Markdown. */
const plain = (text: string): string => text.replace(/[\\`]/g, '');

/** Two answers of a training run: the first whose next tokens were kept, of the first and of the last step. */
function trainedGuidance(run: Run): Pick<ReportData, 'guidance' | 'guidanceRule' | 'clip'> {
  const part = run.stages().at(-1) ?? run;
  const kept = part.completions().filter(({ details }) => details);
  const rows = [kept[0], kept.find(({ step }) => step === kept.at(-1)?.step)];
  const guidance = [...new Set(rows)].flatMap((row) => {
    const scores = row && scoresOfRow(row);
    return row && scores ? [{ question: row.prompt, guidance: scores, caption: `Step ${row.step}` }] : [];
  });
  const clip = clipOf(part);
  return {
    guidance,
    guidanceRule: 'The first answer whose next tokens were kept, of the first and of the last step of training.',
    ...(clip && { clip }),
  };
}

/** How the loss of a run was cut: of a stage by its own settings, of a whole run by those of its answering stage. */
export function clipOf({ config: { settings } }: Run): ClipSettings | undefined {
  const stage = (settings.stage2 ?? settings.settings) as Partial<ClipSettings> | undefined;
  const { clip, clip_mode, loss_temperature } = stage ?? {};
  return clip === undefined || clip_mode === undefined || loss_temperature === undefined
    ? undefined
    : { clip, clip_mode, loss_temperature };
}

/** Times of the parts: those of the comparison, otherwise of the steps and the evaluations; and the memory of the last evaluation. */
function costOf(run: Run, comparison: MethodComparison | undefined): RunCost {
  const evaluations = (['before', 'after'] as const).map(
    (moment) => [moment, run.evaluation(moment)?.results] as const,
  );
  const training = [run, ...run.stages()].map(
    (part) => [part === run ? 'training' : part.name, secondsOf(part)] as const,
  );
  const evaluating = evaluations.map(
    ([moment, results]) => [`evaluation ${moment}`, results?.total_evaluation_time_seconds ?? 0] as const,
  );
  const seconds =
    comparison?.seconds ?? Object.fromEntries([...training, ...evaluating].filter(([, time]) => time > 0));
  const memories = evaluations.flatMap(([, results]) => results?.peak_memory_bytes ?? []);
  return { seconds, ...(memories.length > 0 && { peakMemory: Math.max(...memories) }) };
}

/** Seconds of a run's steps. */
const secondsOf = (run: Run): number =>
  run.metrics().reduce((sum, row) => sum + (row['seconds/rollout'] ?? 0) + (row['seconds/update'] ?? 0), 0);

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
