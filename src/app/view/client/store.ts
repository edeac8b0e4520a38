/** What the page has read so far. Answers come in pieces, so that no piece holds up a frame; a live run's go on coming. */
import {
  type AnswerDetail,
  type AnswerRow,
  type AnswerSource,
  DETAILS,
  documentName,
  type MetricColumns,
  type Overview,
  ROWS,
} from '../shapes';
import type { Source } from './source';

/** An answer of the list, with its place and what is searched. */
export interface Answer extends AnswerRow {
  readonly key: string;
  readonly source: number;
  readonly index: number;
  readonly run: number;
  /** `training`, `before`, `after`. */
  readonly label: string;
  readonly searched: string;
}

export interface Store {
  readonly overview: Overview | undefined;
  readonly answers: readonly Answer[];
  /** Grows with every piece. */
  readonly version: number;
  readonly expected: number;
  readonly problem: string | undefined;
  detail(answer: Answer): Promise<AnswerDetail>;
  metrics(run: number, steps: string): Promise<MetricColumns>;
  subscribe(listener: () => void): () => void;
}

const EVERY = 2000;

/** Begins to read, and reads again every two seconds while the page is looked at. */
export function openStore(source: Source): Store {
  const listeners = new Set<() => void>();
  const read = new Map<number, { generation: number; answers: Answer[] }>();
  const details = new Map<string, Promise<unknown>>();
  const state = {
    overview: undefined as Overview | undefined,
    answers: [] as Answer[],
    version: 0,
    expected: 0,
    problem: undefined as string | undefined,
  };
  const tell = (): void => {
    state.version++;
    for (const listener of listeners) listener();
  };
  const follow = async (own: AnswerSource): Promise<void> => {
    let known = read.get(own.id);
    if (!known || known.generation !== own.generation) {
      known = { generation: own.generation, answers: [] };
      read.set(own.id, known);
    }
    while (known.answers.length < own.count) {
      const chunk = Math.floor(known.answers.length / ROWS);
      const rows = (await source(documentName.rows(own.id, chunk))) as AnswerRow[];
      const fresh = rows.slice(known.answers.length - chunk * ROWS);
      if (fresh.length === 0) return;
      const from = known.answers.length;
      known.answers.push(...fresh.map((row, i) => answerOf(row, own, from + i)));
      state.answers = [...read.values()].flatMap(({ answers }) => answers);
      tell();
    }
  };
  const look = async (): Promise<void> => {
    try {
      const overview = (await source(documentName.overview)) as Overview;
      const changed = JSON.stringify(overview) !== JSON.stringify(state.overview);
      state.overview = overview;
      state.expected = overview.sources.reduce((sum, { count }) => sum + count, 0);
      if (changed || state.problem !== undefined) {
        state.problem = undefined;
        tell();
      }
      for (const own of overview.sources) await follow(own);
    } catch (error) {
      state.problem = (error as Error).message;
      tell();
    }
    if (state.overview?.live !== false) setTimeout(next, EVERY);
  };
  const next = (): void => {
    if (document.hidden) setTimeout(next, EVERY);
    else void look();
  };
  void look();
  const once = <T>(key: string, name: string): Promise<T> => {
    const known = details.get(key) ?? source(name);
    details.set(key, known);
    known.catch(() => details.delete(key));
    return known as Promise<T>;
  };
  return {
    get overview() {
      return state.overview;
    },
    get answers() {
      return state.answers;
    },
    get version() {
      return state.version;
    },
    get expected() {
      return state.expected;
    },
    get problem() {
      return state.problem;
    },
    detail: async ({ source: id, index }) => {
      const chunk = Math.floor(index / DETAILS);
      // A piece that was not full when it was read has grown since.
      const full = Math.min(DETAILS, (read.get(id)?.answers.length ?? 0) - chunk * DETAILS);
      const key = `${id}-${read.get(id)?.generation}-${chunk}-${full}`;
      const found = await once<AnswerDetail[]>(key, documentName.details(id, chunk));
      const own = found[index - chunk * DETAILS];
      if (!own) throw new Error('the answer is gone; the run was resumed from before it');
      return own;
    },
    metrics: (run, steps) => once(`metrics-${run}-${steps}`, documentName.metrics(run)),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function answerOf(row: AnswerRow, { id, run, label }: AnswerSource, index: number): Answer {
  const searched = `${row.text}\n${row.question}`.toLowerCase();
  return { ...row, key: `${id}-${index}`, source: id, index, run, label, searched };
}
