/**
 * Published numbers, none of them measured here: the tables and figures of "Rethinking Reward Supervision:
 * Rubric-Conditioned Self-Distillation" (arXiv 2606.19327 v1), read from their images, and reported reproductions of
 * OPSD. Points, 0 to 100.
 */

/** Where the paper's numbers come from and how they were obtained; to be shown beside them. */
export const PUBLISHED = {
  label: 'published',
  source: 'arXiv 2606.19327 v1 (Gu, Chen, Zhou, Cohan and Ying, 17 June 2026)',
  model: 'Qwen3-8B',
  /** Judged benchmarks have 1 answer to a question. */
  decoding: { temperature: 1, top_p: 0.95, samples: 4 },
  judge: 'gpt-4.1-mini, a rating of 1 to 10 by the rubric as a whole',
  variance: 'none reported; as far as stated, one run for each row',
} as const;

/** A benchmark of the paper, with its size. */
export interface PublishedBenchmark {
  readonly name: string;
  readonly questions: number;
  readonly samples: number;
  readonly judged: boolean;
}

/** The six benchmarks of Table 1, in its order; section 4 has their sizes. */
export const PUBLISHED_BENCHMARKS: readonly PublishedBenchmark[] = [
  { name: 'GPQA-Diamond', questions: 198, samples: 4, judged: false },
  { name: 'SciBench', questions: 640, samples: 4, judged: false },
  { name: 'PIQA', questions: 1838, samples: 4, judged: false },
  { name: 'RaR-Science', questions: 500, samples: 1, judged: true },
  { name: 'ResearchQA', questions: 500, samples: 1, judged: true },
  { name: 'RubricHub', questions: 500, samples: 1, judged: true },
];

/** One row of a published table. `values` follow the table's columns; null where nothing is printed. */
export interface PublishedRow {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** One table or figure. `approximate` marks values of figures that were read off curves. */
export interface PublishedTable {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly PublishedRow[];
  readonly approximate?: boolean;
  readonly note?: string;
}

const SIX = [...PUBLISHED_BENCHMARKS.map(({ name }) => name), 'average'];
const OPEN_ENDED = SIX.slice(3, 6);
const row = (name: string, ...values: readonly (number | null)[]): PublishedRow => ({ name, values });

/** The paper's Tables 1 to 6 and the numbers of its Figures 3 to 5. */
export const PUBLISHED_TABLES: readonly PublishedTable[] = [
  {
    name: 'table-1',
    title: 'Main results, Qwen3-8B',
    columns: SIX,
    rows: [
      row('base', 60.6, 69.1, 90.2, 59.7, 64.9, 50.8, 65.9),
      row('SFT', 62.0, 65.4, 89.2, 61.5, 63.2, 51.2, 65.4),
      row('GRPO', 63.5, 69.7, 90.3, 68.2, 71.5, 51.9, 69.2),
      row('GRPO-Rubrics', 62.1, 70.2, 90.3, 69.9, 72.1, 52.9, 69.6),
      row('OPSD', 63.6, 68.7, 90.1, 68.5, 72.8, 54.5, 69.7),
      row('RCSD', 64.5, 70.8, 90.8, 68.6, 73.1, 55.7, 70.6),
    ],
    note: "RCSD's SciBench is 70.8 here and 70.6 in Tables 3 to 5.",
  },
  {
    name: 'table-2',
    title: 'Out of domain, Qwen3-8B',
    columns: ['MedMCQA', 'PubMedQA'],
    rows: [
      row('base', 64.5, 74.2),
      row('GRPO', 65.1, 76.2),
      row('GRPO-Rubrics', 65.6, 74.2),
      row('OPSD', 66.0, 74.4),
      row('RCSD', 65.8, 75.1),
    ],
  },
  {
    name: 'table-3',
    title: 'Divergence of the loss',
    columns: SIX,
    rows: [
      row('forward KL', 64.5, 70.6, 90.8, 68.6, 73.1, 55.7, 70.6),
      row('JSD', 62.1, 69.2, 89.9, 67.1, 73.1, 56.2, 69.6),
      row('reverse KL', 63.4, 69.1, 90.5, 69.1, 72.6, 54.8, 69.9),
    ],
  },
  {
    name: 'table-4',
    title: 'Reference against generated rubrics',
    columns: [...SIX.slice(0, 3), 'criteria', 'fewest criteria', 'most criteria', 'tokens'],
    rows: [
      row('reference', 65.2, 71.0, 91.0, 7.5, 7, 12, 248.7),
      row('generated', 64.5, 70.6, 90.8, 8.4, 6, 20, 236.6),
    ],
  },
  {
    name: 'table-5',
    title: 'Need for stage I: who writes the rubrics',
    columns: SIX,
    rows: [
      row('Qwen3-8B directly', 62.0, 70.2, 90.4, 68.5, 72.9, 55.4, 69.9),
      row('Qwen3-14B directly', 64.9, 70.6, 90.1, 69.2, 72.8, 56.5, 70.7),
      row('RCSD', 64.5, 70.6, 90.8, 68.6, 73.1, 55.7, 70.6),
    ],
  },
  {
    name: 'table-6',
    title: 'Degraded rubrics',
    columns: SIX,
    rows: [
      row('generic', 62.1, 70.2, 90.2, 68.7, 72.6, 55.6, 69.9),
      row('noisy', 61.6, 70.9, 90.4, 68.8, 72.4, 55.3, 69.9),
      row('random', 63.3, 70.3, 90.5, 68.2, 72.6, 54.8, 70.0),
      row('reduced', 63.0, 70.6, 90.6, 68.8, 72.3, 55.7, 70.2),
      row('learned', null, null, null, null, null, null, 70.6),
    ],
  },
  {
    name: 'figure-3',
    title: 'Entropy and loss over 100 steps by divergence, Qwen3-8B',
    columns: ['entropy at 0', 'entropy at 100', 'loss at 0', 'loss at 100'],
    rows: [
      row('forward KL', 0.45, 0.57, 0.003, -0.004),
      row('JSD', 0.45, 0.5, 0.02, 0.015),
      row('reverse KL', 0.45, 0.34, -0.005, -0.009),
    ],
    approximate: true,
    note: 'Nats, not points; with the released clip of each entry, which lets a loss fall below zero.',
  },
  {
    name: 'figure-4',
    title: 'Gain over the base by model size',
    columns: OPEN_ENDED,
    rows: [row('1.7B', 2.7, 4.4, 6.6), row('4B', 4.9, 5.6, 3.2), row('8B', 8.9, 8.2, 4.8)],
  },
  {
    name: 'figure-5',
    title: 'Scores by training step, Qwen3-8B',
    columns: ['0', '50', '100', '150', '300'],
    rows: [row('GPQA-Diamond', 60.6, 61.9, 64.5, 62.4, 63.4), row('SciBench', 69.1, 70.9, 70.6, 70.7, 70.4)],
  },
];

/** A table by its name. Throws RangeError for an unknown one. */
export function publishedTable(name: string): PublishedTable {
  const found = PUBLISHED_TABLES.find((table) => table.name === name);
  if (found) return found;
  throw new RangeError(
    `no published table ${name}; there are ${PUBLISHED_TABLES.map((table) => table.name).join(', ')}`,
  );
}

/** The published number of a row and column; null where the table has none. */
export function publishedScore(table: string, name: string, column: string): number | null {
  const { rows, columns } = publishedTable(table);
  return rows.find((own) => own.name === name)?.values[columns.indexOf(column)] ?? null;
}

/** A score over 30 questions with the standard error of its decoding, from four times 12 answers to each question. */
export interface DecodingError {
  readonly name: string;
  readonly score: number;
  readonly error: number;
}

/**
 * Base, OPSD and OP2SD of Qwen3-1.7B, 4B and 8B on AIME 2024, AIME 2025 and HMMT 2025 with the standard errors of
 * decoding, from the README of MBZUAI-reasoninglab/OP2SD at 9316c0d.
 */
export const OPSD_DECODING: readonly DecodingError[] = (
  [
    ['1.7B AIME24', 49.86, 0.94, 55.42, 0.82, 55.35, 0.83],
    ['1.7B AIME25', 37.36, 0.81, 40.35, 0.77, 40.69, 0.74],
    ['1.7B HMMT25', 23.61, 0.64, 25.76, 0.63, 27.57, 0.66],
    ['4B AIME24', 23.19, 0.72, 30.76, 0.77, 31.53, 0.8],
    ['4B AIME25', 21.11, 0.64, 23.06, 0.65, 30.62, 0.71],
    ['4B HMMT25', 11.67, 0.49, 15.42, 0.57, 16.11, 0.6],
    ['8B AIME24', 28.47, 0.75, 45.0, 0.86, 55.83, 0.87],
    ['8B AIME25', 20.97, 0.63, 32.15, 0.76, 42.85, 0.71],
    ['8B HMMT25', 11.81, 0.51, 16.18, 0.6, 25.56, 0.72],
  ] as const
).flatMap(([name, ...cells]) =>
  ['base', 'OPSD', 'OP2SD'].map((method, i) => ({
    name: `${name} ${method}`,
    score: cells[2 * i] as number,
    error: cells[2 * i + 1] as number,
  })),
);

/** One published OPSD model that others trained again; 30 questions each. */
export interface Reproduction {
  readonly name: string;
  readonly published: number;
  readonly reproduced: number;
  /** Number of answers to each question behind each of the two scores. */
  readonly samples: readonly [published: number, reproduced: number];
}

/**
 * OPSD as published (arXiv 2601.18734 v3; 12 answers to a question, best step) beside runs by others: OP2SD's README
 * (48 answers, selected step) and issue 17 of siyan-zhao/OPSD (assumed to have 12 answers). In issue 6 the authors
 * agree that runs vary much.
 */
export const OPSD_REPRODUCTIONS: readonly Reproduction[] = [
  { name: '1.7B AIME24', published: 57.2, reproduced: 55.42, samples: [12, 48] },
  { name: '1.7B AIME25', published: 43.9, reproduced: 40.35, samples: [12, 48] },
  { name: '1.7B HMMT25', published: 29.2, reproduced: 25.76, samples: [12, 48] },
  { name: '4B AIME24', published: 76.4, reproduced: 73.06, samples: [12, 12] },
];
