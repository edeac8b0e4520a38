/**
 * The experiments of the study, in the order in which they are run. This file is the exact account of what was done.
 */
import {
  at,
  type Cell,
  CONTROLS,
  changed,
  DISTILLED,
  degraded,
  METHODS,
  PLAIN_RATE,
  releasedLearned,
  TRIAL_RATES,
} from './cells';
import { ALONE_CELLS, DOSE_CELLS, REACH_CELLS, REACH_CONTEXTS } from './reachCells';
import {
  CRITERIA_CELLS,
  LEFT_OUT_CELLS,
  RELATIVES_CELLS,
  STRATA_CELLS,
  STRATA_CONTEXTS,
  WITHOUT_SILENT_STAGE,
} from './strataCells';

/** How long a part may take on two cores: under ten minutes, about an hour, a night. */
export const TIERS = ['minutes', 'hour', 'night'] as const;
export type Tier = (typeof TIERS)[number];

/**
 * What a run does. `train`: train and evaluate. `trial`: train on the training questions without the development split,
 * and evaluate on that split. `context`: evaluate the base under a context. `writer`: train stage I and let its model
 * write rubrics.
 */
export type RunKind = 'train' | 'trial' | 'context' | 'writer';

/** Some bases with some seeds, in one tier. */
export interface Part {
  readonly tier: Tier;
  readonly bases: readonly string[];
  readonly seeds: readonly number[];
}

export interface Experiment {
  readonly name: string;
  readonly question: string;
  readonly kind: RunKind;
  readonly cells: readonly Cell[];
  /** Measures pass@1..64 in addition. */
  readonly passAt64?: boolean;
  /** Measures rubric writing and drills in addition. */
  readonly skills?: boolean;
  readonly parts: readonly Part[];
}

/** The five bases: the same recipe with five seeds. base-0 is the committed model. */
export const BASES = ['base-0', 'base-1', 'base-2', 'base-3', 'base-4'] as const;
/** Ten worlds drawn from the stated prior, with one base each. */
export const WORLDS = Array.from({ length: 10 }, (_, i) => `world-${i + 1}`);
/** Bases of the worlds with strata: the four rotations, and the first rotation with another seed. */
export const STRATA_BASES = ['strata-0', 'strata-1', 'strata-2', 'strata-3', 'strata-4'] as const;
/** Bases of the worlds by p0: all eight rotations. */
export const REACH_BASES = Array.from({ length: 8 }, (_, i) => `reach-${i}`);
/** A base of about 4 million parameters in the first of these worlds. */
export const LARGE_BASE = 'large-0';
/** The base of the second model size. */
export const SMALL_BASE = 'small-0';
const OTHERS = BASES.slice(1);

/** A context as a cell: a source of rubrics, `answer`, `none`, or `learned` for rubrics of stage I. */
const shown = (label: string, ...settings: readonly string[]): Cell => ({ label, group: 'control', settings });
const source = (name: string): Cell => shown(name, 'context=rubric', `rubric_source=${name}`);

const NO_CONTEXT = shown('none', 'context=none');
const GATE = [NO_CONTEXT, source('reference'), source('placebo'), source('wrong')];
const CONTEXTS: readonly Cell[] = [
  ...GATE,
  ...['filler', 'generic', 'same-family', 'law-only', 'step-only', 'full', 'all-laws'].map(source),
  shown('answer', 'context=answer'),
  shown('answer + reference', 'context=answer+rubric', 'rubric_source=reference'),
  shown('learned', 'context=rubric', 'rubric_source=generated'),
];

const WRITER: Cell = { label: 'stage I', group: 'self-distillation', settings: [] };

const plain = (cells: Readonly<Record<string, Cell>>): Cell[] =>
  Object.values(cells).map((cell) => at(cell, PLAIN_RATE));
const { direct: _, ...MEANT } = DISTILLED;
const CONTENT = [...plain(MEANT), ...plain(CONTROLS)];

const TUNED: readonly Cell[] = [
  ...Object.values(METHODS),
  DISTILLED.opsd,
  CONTROLS.placebo,
  DISTILLED.reference,
  DISTILLED.learned,
];

const reference = at(DISTILLED.reference, PLAIN_RATE);
const learned = at(DISTILLED.learned, PLAIN_RATE);

/** Label and settings of a clip. Settings that equal the profile's are left out, so that equal runs have equal settings. */
const clip = (mode: string, limit: number): readonly string[] => [
  `${mode} ${limit}`,
  `stage2.clip=${limit}`,
  `stage2.clip_mode=${mode}`,
];
const CLIPS = [
  ['none'],
  ...['entry', 'position', 'mask'].flatMap((mode) => [0.01, 0.05, 0.2].map((limit) => clip(mode, limit))),
];
/** Labels of the clips in the map. */
export const CLIP_LABELS = CLIPS.map(([label]) => label as string);
const LORA = ['lora.rank=16', 'lora.alpha=32'];
/** Which weights are trained in the clip map, and at which rates. */
export const WEIGHTS = [
  { name: 'full', settings: [], rates: [1e-4, 3e-4, 1e-3] },
  { name: 'LoRA 16', settings: LORA, rates: [3e-4, 1e-3, 3e-3] },
] as const;
/** A place in the clip map. */
interface ClipPlace {
  readonly clipped: string;
  readonly name: string;
  readonly rate: number;
  readonly topK: number;
}

/** The label of a cell of the clip map. */
export const clipLabel = ({ clipped, name, rate, topK }: ClipPlace): string =>
  `clip ${clipped}, ${name}, rate ${rate}, ${topK ? `top ${topK}` : 'all entries'}`;

const CLIP_MAP = [0, 20].flatMap((topK) =>
  WEIGHTS.flatMap(({ name, settings, rates }) =>
    rates.flatMap((rate) =>
      CLIPS.map(([clipped, ...words]) => {
        const label = clipLabel({ clipped: clipped as string, name, rate, topK });
        const support = topK ? [`stage2.top_k=${topK}`] : [];
        return at(changed(DISTILLED.reference, label, ...words, ...settings, ...support), rate);
      }),
    ),
  ),
);

const TABLE_3 = ['forward_kl', 'jsd', 'reverse_kl'].flatMap((divergence) =>
  [['none'], clip('entry', 0.05), clip('position', 0.05)].map(([clipped, ...words]) =>
    changed(
      learned,
      `${divergence}, clip ${clipped}`,
      ...(divergence === 'forward_kl' ? [] : [`stage2.divergence=${divergence}`]),
      ...words,
    ),
  ),
);
const DEGRADED = ['generic', 'noisy', 'random', 'reduced'];
const TABLE_6 = [
  ...DEGRADED.map((name) => at(degraded(name, false), PLAIN_RATE)),
  at(releasedLearned, PLAIN_RATE),
  ...DEGRADED.map((name) => at(degraded(name, true), PLAIN_RATE)),
];
const FIGURE_5 = [10, 20, 80, 160].flatMap((steps) =>
  [reference, learned, at(DISTILLED.opsd, PLAIN_RATE), at(METHODS.grpo, PLAIN_RATE)].map((cell) =>
    changed(cell, `${cell.label}, ${steps} steps`, `stage2.steps=${steps}`),
  ),
);

const WORLD_CELLS: readonly Cell[] = [
  ...[DISTILLED.reference, DISTILLED.learned, CONTROLS.placebo, CONTROLS.wrong, DISTILLED.opsd].map((cell) =>
    at(cell, PLAIN_RATE),
  ),
  at(METHODS.grpo, PLAIN_RATE),
];
const SIZE_CELLS = WORLD_CELLS;

const FIRST: Part = { tier: 'minutes', bases: ['base-0'], seeds: [1, 2] };
const REST: Part = { tier: 'hour', bases: OTHERS, seeds: [1, 2] };
/** Ablations use five bases and one seed. */
const ABLATION: readonly Part[] = [
  { tier: 'hour', bases: ['base-0'], seeds: [1] },
  { tier: 'night', bases: OTHERS, seeds: [1] },
];
const ALL_WORLDS: readonly Part[] = [{ tier: 'night', bases: WORLDS, seeds: [1] }];
const SMALL: readonly Part[] = [{ tier: 'night', bases: [SMALL_BASE], seeds: [1, 2] }];
const once = (part: Part): Part => ({ ...part, seeds: [1] });
const STRATA_FIRST: readonly Part[] = [
  { tier: 'hour', bases: ['strata-0'], seeds: [1] },
  { tier: 'night', bases: STRATA_BASES.slice(1), seeds: [1] },
];
const STRATA_ALL: readonly Part[] = [...STRATA_FIRST, { tier: 'night', bases: STRATA_BASES, seeds: [2] }];

const REACH_PARTS: readonly Part[] = [
  { tier: 'hour', bases: REACH_BASES.slice(0, 1), seeds: [1] },
  { tier: 'night', bases: REACH_BASES.slice(1), seeds: [1] },
];
const LARGE: Part = { tier: 'night', bases: [LARGE_BASE], seeds: [1] };

/** What the students of the content experiment score when they are decoded otherwise. */
const LADDER_OF_DECODINGS = ['evaluation.ladder=true', 'evaluation.samples=16'];
const DECODED = [
  CONTROLS.none,
  CONTROLS.filler,
  CONTROLS.placebo,
  CONTROLS.wrong,
  DISTILLED.reference,
  DISTILLED.learned,
].map((cell) => at(changed(cell, cell.label, ...LADDER_OF_DECODINGS), PLAIN_RATE));

/** Every experiment, in order; within a tier they run in this order. */
export const EXPERIMENTS: readonly Experiment[] = [
  {
    name: 'writers',
    question: 'What does stage I teach the writer of rubrics?',
    kind: 'writer',
    cells: [WRITER],
    parts: [FIRST, REST],
  },
  {
    name: 'contexts',
    question: 'What is each context worth to a base before any training, and does the base pass the gate?',
    kind: 'context',
    cells: CONTEXTS,
    passAt64: true,
    parts: [once(FIRST), once(REST)],
  },
  {
    name: 'content',
    question: 'How much of the gain is due to the content of the rubric, and how much to its mere presence?',
    kind: 'train',
    cells: CONTENT,
    parts: [FIRST, REST],
  },
  {
    name: 'rates',
    question: 'With which of three learning rates does each method do best on the development split?',
    kind: 'trial',
    cells: TUNED.flatMap((cell) => TRIAL_RATES.map((rate) => at(cell, rate))),
    parts: [once(FIRST)],
  },
  {
    name: 'main',
    question: 'How do the methods compare, each at its chosen learning rate?',
    kind: 'train',
    cells: TUNED,
    passAt64: true,
    parts: [once(FIRST), { ...FIRST, tier: 'hour', seeds: [2] }, REST],
  },
  {
    name: 'decoding',
    question:
      'Does the content effect hold when students are decoded greedily, at a lower temperature, or by majority?',
    kind: 'train',
    cells: DECODED,
    parts: [{ ...FIRST, tier: 'hour' }, REST],
  },
  {
    name: 'table-3',
    question: "The paper's Table 3 and Figure 3: divergence, here crossed with the clip.",
    kind: 'train',
    cells: TABLE_3,
    parts: ABLATION,
  },
  {
    name: 'tables-4-5',
    question: "The paper's Tables 4 and 5: whose rubrics, and is stage I needed?",
    kind: 'train',
    cells: [reference, at(DISTILLED.direct, PLAIN_RATE), learned],
    parts: ABLATION,
  },
  {
    name: 'table-6',
    question:
      "The paper's Table 6: rubrics made worse on purpose, alone and together with the answer as in the released code.",
    kind: 'train',
    cells: TABLE_6,
    parts: ABLATION,
  },
  {
    name: 'figure-5',
    question: "The paper's Figure 5: how long stage II lasts. The paper's 100 steps are 40 here.",
    kind: 'train',
    cells: FIGURE_5,
    parts: ABLATION,
  },
  {
    name: 'worlds-writers',
    question: 'Stage I in each world.',
    kind: 'writer',
    cells: [WRITER],
    parts: [...ALL_WORLDS, ...SMALL],
  },
  {
    name: 'worlds-contexts',
    question: 'What is each context worth in a random world?',
    kind: 'context',
    cells: [...GATE, shown('answer', 'context=answer'), shown('learned', 'context=rubric', 'rubric_source=generated')],
    parts: ALL_WORLDS,
  },
  {
    name: 'worlds',
    question: 'In what share of random worlds does each ordering hold?',
    kind: 'train',
    cells: WORLD_CELLS,
    parts: ALL_WORLDS,
  },
  {
    name: 'size',
    question: 'Does the order of the methods hold in a smaller model?',
    kind: 'train',
    cells: SIZE_CELLS,
    parts: SMALL,
  },
  {
    name: 'size-contexts',
    question: 'What is each context worth to the smaller model?',
    kind: 'context',
    cells: GATE,
    parts: SMALL.map(once),
  },
  {
    name: 'strata-contexts',
    question: 'What is each context worth by stratum, and how likely is each right rule untold?',
    kind: 'context',
    cells: STRATA_CONTEXTS,
    passAt64: true,
    parts: STRATA_FIRST,
  },
  {
    name: 'strata-writers',
    question: 'From where does stage I get a rule: rubric writing untold, or the references of its questions?',
    kind: 'writer',
    cells: [WRITER, WITHOUT_SILENT_STAGE],
    parts: STRATA_FIRST,
  },
  {
    name: 'strata',
    question: 'Which methods move rules that are likely, sampled now and then, or never used untold?',
    kind: 'train',
    cells: STRATA_CELLS,
    parts: STRATA_ALL,
  },
  {
    name: 'left-out',
    question: 'Does a rule move that is told to no question in training?',
    kind: 'train',
    cells: LEFT_OUT_CELLS,
    parts: STRATA_FIRST,
  },
  {
    name: 'criteria',
    question:
      'Does a teacher for each criterion teach what one teacher of the whole rubric teaches, and does it stand a wrong one?',
    kind: 'train',
    cells: CRITERIA_CELLS,
    parts: STRATA_FIRST,
  },
  {
    name: 'relatives',
    question: 'Which relatives move rules that are sampled now and then, or never used untold?',
    kind: 'train',
    cells: RELATIVES_CELLS,
    parts: STRATA_FIRST,
  },
  {
    name: 'reach-contexts',
    question: 'How likely is each rule untold and told, and does the base pass the gate?',
    kind: 'context',
    cells: REACH_CONTEXTS,
    skills: true,
    parts: [...REACH_PARTS, LARGE],
  },
  {
    name: 'reach',
    question: 'How far does each loss, and a reward, carry a student beyond what it samples?',
    kind: 'train',
    cells: REACH_CELLS,
    skills: true,
    parts: [...REACH_PARTS, LARGE],
  },
  {
    name: 'reach-alone',
    question: 'What does a loss do to the rarest rules when no other rule is trained beside them?',
    kind: 'train',
    cells: ALONE_CELLS,
    parts: REACH_PARTS,
  },
  {
    name: 'reach-dose',
    question: 'How often and in which form must a rule be told, and what carries over, is forgotten or remains?',
    kind: 'train',
    cells: DOSE_CELLS,
    skills: true,
    parts: REACH_PARTS,
  },
  {
    name: 'clip-map',
    question: 'Where does the clip of the divergence destroy what is learned?',
    kind: 'train',
    cells: CLIP_MAP,
    parts: ABLATION,
  },
];
