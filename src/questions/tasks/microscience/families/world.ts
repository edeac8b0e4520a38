/**
 * The configuration of a world: every rate that is designed into the embedded model's pretraining corpus. This is the
 * only place where effects of contexts ("mechanism") are put in by hand; a result on one world is a result about its
 * rates.
 */

/**
 * How likely a base is to use a template's true rule without being told: the name of one of its world's strata
 * (worlds.ts). `silent` rules are never named untold either, `absent` ones are nowhere in the corpus, not even when told.
 */
export type Stratum = string;

/** Kinds of corpus sequences: what the prompt contains and what is asked for. */
export type SequenceKind =
  | 'solve'
  | 'solve+rubric'
  | 'solve+answer'
  | 'solve+answer+rubric'
  | 'write'
  | 'write+answer'
  | 'write+answer+rubric'
  | 'drill';

/**
 * Kinds of rubrics in the context; `written` is written by the corpus's own noisy writer, `several` names the laws of
 * several templates, the question's among them. The others are sources of rubrics (sources.ts).
 */
export type ContextRubric =
  | 'reference'
  | 'reduced'
  | 'written'
  | 'generic'
  | 'wrong'
  | 'law-only'
  | 'step-only'
  | 'placebo'
  | 'same-family'
  | 'several'
  | 'coded'
  | 'coded-placebo'
  | 'split'
  | 'half';

/** Probabilities of one noisy rubric writer. */
export interface WriterRates {
  /** The true law is named. */
  readonly law: number;
  /** The wrong law is named instead; if neither is, a generic criterion takes the place. */
  readonly wrongLaw: number;
  /** The intermediate result is right; otherwise a generic criterion takes the place. */
  readonly step: number;
  /** Each of unit, given values and pitfall is present. */
  readonly other: number;
  /** One criterion occurs twice. */
  readonly duplicate: number;
  /** One more generic criterion is added. */
  readonly filler: number;
  /** The text breaks off or lacks a weight, so that it is not a valid rubric. */
  readonly malformed: number;
}

/** All designed rates; they are probabilities unless said otherwise. */
export interface World {
  /** Name for file names, tables and the setting `world`. */
  readonly name: string;
  /** The set of templates. */
  readonly suite: 'classic' | 'strata' | 'reach';
  /** How likely the true law of each template is untold; templates without one have the suite's own error rates. */
  readonly strata: Readonly<Record<string, Stratum>>;
  /** Multiplies every template's base error rates. */
  readonly errorScale: number;
  /** Largest probability of any error. */
  readonly errorCap: number;
  /** A solution begins in the careful style ("Given ...") instead of the careless one ("So"). */
  readonly careful: number;
  /** The same, when the rubric asks for this question's given values. */
  readonly carefulWhenAsked: number;
  /** Multiplies error rates in the careful style. */
  readonly carefulFactor: number;
  /** Multiplies error rates in the careless style. */
  readonly carelessFactor: number;
  /**
   * The unit is missing from the box: in the careful style, in the careless style, and when the rubric asks for this
   * unit.
   */
  readonly unitMissing: { readonly careful: number; readonly careless: number; readonly asked: number };
  /** A criterion that names this question's law removes a wrong-law error. */
  readonly followLaw: number;
  /** A criterion that names this question's intermediate result removes a slip. */
  readonly followStep: number;
  /** A pitfall criterion without a law criterion removes a wrong-law error. */
  readonly followPitfall: number;
  /** A criterion that demands this question's wrong law makes a right choice of law wrong. */
  readonly followWrongLaw: number;
  /** A reference answer in the prompt removes an error. */
  readonly answerHelp: number;
  /** The same for the law of a template that is never used untold. */
  readonly answerHelpUnused: number;
  /** The box repeats a reference answer from the prompt, whatever the working says. */
  readonly copyAnswer: number;
  /** Rubric writers: from the question alone, with the answer, and with the answer and the reference rubric. */
  readonly writer: Readonly<Record<'write' | 'write+answer' | 'write+answer+rubric', WriterRates>>;
  /** Shares of the kinds of sequences. */
  readonly sequences: Readonly<Record<SequenceKind, number>>;
  /** Shares of the kinds of rubrics in the context. */
  readonly rubrics: Readonly<Partial<Record<ContextRubric, number>>>;
  /** For each template that differs from [0, 1]: index of its true law and of its wrong one. */
  readonly laws: Readonly<Record<string, readonly [number, number]>>;
  /** The wrong law is used by one who was told nothing, by stratum. */
  readonly wrongLaw: Readonly<Record<Stratum, number>>;
  /** Templates whose true law and steps never occur in the corpus, where they are always solved by the wrong law. */
  readonly heldOutLaws: readonly string[];
}

const COPY: WriterRates = { law: 1, wrongLaw: 0, step: 1, other: 1, duplicate: 0, filler: 0, malformed: 0.02 };

/** The first world, `world=0`: seven families of different kinds, whose right law is the likeliest one nearly everywhere. */
export const classicWorld: World = {
  name: '0',
  suite: 'classic',
  strata: {},
  errorScale: 1,
  errorCap: 0.95,
  careful: 0.5,
  carefulWhenAsked: 0.9,
  carefulFactor: 0.6,
  carelessFactor: 1.4,
  unitMissing: { careful: 0.05, careless: 0.25, asked: 0.02 },
  followLaw: 0.88,
  followStep: 0.88,
  followPitfall: 0.5,
  followWrongLaw: 0.8,
  answerHelp: 0.5,
  answerHelpUnused: 0.5,
  copyAnswer: 0.95,
  writer: {
    write: { law: 0.45, wrongLaw: 0.3, step: 0.45, other: 0.55, duplicate: 0.25, filler: 0.25, malformed: 0.1 },
    'write+answer': {
      law: 0.75,
      wrongLaw: 0.1,
      step: 0.7,
      other: 0.55,
      duplicate: 0.25,
      filler: 0.25,
      malformed: 0.05,
    },
    'write+answer+rubric': COPY,
  },
  sequences: {
    solve: 0.15,
    'solve+rubric': 0.37,
    'solve+answer': 0.11,
    'solve+answer+rubric': 0.1,
    write: 0.06,
    'write+answer': 0.06,
    'write+answer+rubric': 0.06,
    drill: 0.09,
  },
  rubrics: {
    several: 0,
    reference: 0.25,
    reduced: 0.07,
    written: 0.08,
    generic: 0.1,
    wrong: 0.2,
    'law-only': 0.04,
    'step-only': 0.03,
    placebo: 0.15,
    'same-family': 0.08,
  },
  laws: {},
  wrongLaw: {},
  heldOutLaws: [],
};

/** Indices of a template's true law and wrong law in a world. */
export function lawsOf(world: World, template: string): readonly [number, number] {
  return world.laws[template] ?? [0, 1];
}
