/** All that the viewer shows, as JSON documents by name: the server answers with them, and a bundle holds them as files. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricsRow } from '../../base/records/rows';
import { clipOf, withoutPlaces } from '../../run/experiments/report';
import { type Answers, answersOf } from './answers';
import { type FoundRun, findRuns } from './folders';
import { type Growing, growing } from './growing';
import { questionReader } from './questions';
import { scoresOf } from './scores';
import {
  DETAILS,
  documentName,
  type MetricColumns,
  type Overview,
  ROWS,
  type ScoreRow,
  type ViewedRun,
} from './shapes';

/** Documents that grow with the runs behind them. */
export interface Documents {
  /** The overview, after reading what was added to the files. */
  overview(live: boolean): Overview;
  /** The document of a name, undefined where there is none. */
  read(name: string): unknown;
  /** The names of all documents but the overview. */
  names(): string[];
}

interface Opened extends FoundRun {
  readonly id: number;
  readonly metrics: Growing<MetricsRow>;
  /** By the last change of results.json; reading the samples of an evaluation takes its time. */
  scores?: { readonly changed: number; readonly rows: readonly ScoreRow[] };
}

/** Opens the runs in some folders. Throws InputError as `findRuns` does. */
export function openDocuments(paths: readonly string[]): Documents {
  const runs: Opened[] = [];
  const sources: { readonly id: number; readonly run: number; readonly answers: Answers; readonly path: string }[] = [];
  const questions = questionReader();
  const look = (): void => {
    for (const found of findRuns(paths)) {
      let own = runs.find(({ run }) => run.path === found.run.path);
      if (!own) {
        const read = (line: object): MetricsRow[] => [line as MetricsRow];
        own = { ...found, id: runs.length, metrics: growing(join(found.run.path, 'metrics.jsonl'), read) };
        runs.push(own);
      }
      const { id } = own;
      const known = questions(found.whole.config.settings);
      for (const [i, answers] of answersOf(found, known).entries()) {
        const path = `${found.run.path}:${answers.label}:${i}`;
        if (!sources.some((source) => source.path === path))
          sources.push({ id: sources.length, run: id, answers, path });
      }
    }
    for (const { metrics } of runs) metrics.refresh();
    for (const { answers } of sources) answers.file.refresh();
  };
  look();
  return {
    overview: (live) => {
      look();
      return {
        live,
        runs: runs.map(viewed),
        sources: sources.map(({ id, run, answers: { kind, label, file } }) => ({
          ...{ id, run, kind, label, count: file.rows.length, generation: file.generation },
        })),
      };
    },
    read: (name) => {
      const [, kind, first, second] = /^(metrics|rows|details)-(\d+)(?:-(\d+))?$/.exec(name) ?? [];
      const at = Number(first);
      if (kind === 'metrics') return runs[at] && columnsOf(runs[at].metrics.rows);
      const answers = sources[at]?.answers;
      if (!answers || second === undefined) return undefined;
      const size = kind === 'rows' ? ROWS : DETAILS;
      const start = Number(second) * size;
      const count = Math.min(size, answers.file.rows.length - start);
      if (count <= 0) return undefined;
      const read = kind === 'rows' ? answers.row : answers.detail;
      return Array.from({ length: count }, (_, i) => read(start + i));
    },
    names: () => [
      ...runs.map(({ id }) => documentName.metrics(id)),
      ...sources.flatMap(({ id, answers: { file } }) => [
        ...chunks(file.rows.length, ROWS).map((chunk) => documentName.rows(id, chunk)),
        ...chunks(file.rows.length, DETAILS).map((chunk) => documentName.details(id, chunk)),
      ]),
    ],
  };
}

const chunks = (count: number, size: number): number[] => Array.from({ length: Math.ceil(count / size) }, (_, i) => i);

function columnsOf(rows: readonly MetricsRow[]): MetricColumns {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  names.delete('step');
  const column = (name: string) => rows.map((row) => (Number.isFinite(row[name]) ? (row[name] as number) : null));
  return {
    step: rows.map(({ step }, i) => (Number.isFinite(step) ? step : i + 1)),
    columns: Object.fromEntries([...names].sort().map((name) => [name, column(name)])),
  };
}

function viewed(opened: Opened): ViewedRun {
  const { id, name, run, whole, metrics } = opened;
  const clip = clipOf(run);
  return {
    ...{ id, name, stage: run !== whole, facts: factsOf(opened), settings: flat(withoutPlaces(run.config.settings)) },
    scores: evaluated(opened),
    warnings: [
      ...run.trainingWarnings().map(({ step, message }) => `step ${step}: ${message}`),
      ...(metrics.damaged > 0 ? [`metrics.jsonl has ${metrics.damaged} damaged lines, which are left out.`] : []),
    ],
    ...{ steps: metrics.rows.length, generation: metrics.generation },
    ...(clip && { clip }),
  };
}

function evaluated(opened: Opened): readonly ScoreRow[] {
  const files = ['before', 'after'].map((moment) => join(opened.run.path, 'eval', moment, 'results.json'));
  const changed = Math.max(0, ...files.filter(existsSync).map((file) => statSync(file).mtimeMs));
  if (opened.scores?.changed !== changed) opened.scores = { changed, rows: changed > 0 ? scoresOf(opened.run) : [] };
  return opened.scores.rows;
}

function factsOf({ run: { config }, whole }: FoundRun): (readonly [string, string])[] {
  const { model, data, algorithm } = whole.config.settings;
  const named = Object.entries({ algorithm, model: withoutPlaces(model), data: withoutPlaces(data) });
  return [
    ...named.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])),
    ['started', config.created.slice(0, 16).replace('T', ' ')],
    ['commit', config.git_commit?.replace(/^(\w{10})\w+/, '$1') ?? 'not in a repository'],
    ['processor', `${config.cpu}, ${config.threads} threads`],
    ...Object.entries(config.versions ?? {})
      .filter(([name]) => name !== 'model')
      .map(([name, version]) => [name, String(version)] as const),
  ];
}

function flat(value: unknown, prefix = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { [prefix]: typeof value === 'string' ? value : JSON.stringify(value) };
  return Object.assign({}, ...Object.entries(value).map(([key, own]) => flat(own, prefix ? `${prefix}.${key}` : key)));
}
