/**
 * Microscience, the embedded suite: seven procedural, verifiable families of small science questions and one transfer
 * family, for a model of under a million parameters.
 *
 * Reading order: problem.ts (what a problem is), families/ (the generators), world.ts (every designed rate), policy.ts
 * (how the corpus errs in each context) and design.ts (the accuracies that follow), criteria.ts and sources.ts
 * (rubrics), corpus.ts (pretraining), vocabulary.ts and tokens.ts, questions.ts, grading.ts, views.ts.
 *
 * Simplifications against the paper: a rubric is a list of literal sentences, and whether a criterion is met is checked
 * by looking for the sentence. Effects of contexts are put into the corpus by hand, so results show that a mechanism
 * works, not how large it is in real models. FORCE occurs in pretraining, so it is a transfer family, not an unseen
 * one.
 */

export { type CorpusExample, corpusExample, drillExample } from './corpus';
export {
  type CriterionKind,
  criterionKind,
  PROCESS_WEIGHTS,
  parseMicroscienceRubric,
  renderMicroscienceRubric,
} from './criteria';
export { designRates } from './design';
export { type Facts, type Family, pretty } from './families/problem';
export { classicWorld, type Stratum, type World } from './families/world';
export {
  factsOf,
  followsStatedRule,
  gradeMicroscience,
  isFaithful,
  meetsCriterion,
  processChecks,
  statedRule,
} from './grading';
export { type MicroscienceOptions, microscienceQuestions, microscienceRubric, microscienceTask } from './questions';
export { type MicroscienceRubricSource, RUBRIC_SOURCES } from './sources';
export { familiesOf, suiteOf } from './suites';
export { promptTokens, SPECIAL_TOKENS } from './tokens';
export { microscienceViews } from './views';
export {
  buildVocabulary,
  encodeTokens,
  tokenizerFiles,
  type Vocabulary,
  vocabularyOf,
} from './vocabulary';
export { WORLD_PRIOR, worldFromSeed } from './worldPrior';
export { LEVELS, reachWorld, strataWorld, suiteData, worldNamed } from './worlds';
