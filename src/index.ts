/** The public surface: what notebooks and programs import. TensorFlow is loaded when it is first needed, not here. */
export type { Algorithm, Example } from './algorithms/algorithm';
export { resolveTrainConfig } from './config/resolve';
export { readSweep } from './config/sweep';
export type { StageSettings, TrainConfig } from './config/train';
export { type Confidence, type Reliability, reliability } from './evaluation/calibration';
export { type Evaluation, type EvaluationSummary, evaluate } from './evaluation/evaluate';
export { exactInterval, type Interval, wilson } from './evaluation/intervals';
export { type JudgedRow, type JudgeReport, judgeReport } from './evaluation/judgeReport';
export { type MixedEstimate, mixedSummary } from './evaluation/mixed';
export { benjaminiHochberg, holm } from './evaluation/multiplicity';
export {
  type NullBenchmark,
  type NullReading,
  type NullTable,
  type NullTableOptions,
  nullReadings,
  nullTable,
  paperBenchmarks,
  RUN_DEVIATION,
  RUN_SHARE,
} from './evaluation/nullTable';
export {
  type McNemar,
  mcnemar,
  mcnemarOf,
  type PermutationTest,
  pairedBootstrap,
  permutationTest,
} from './evaluation/paired';
export { type GuessingModel, type GuessingScore, guessingScore } from './evaluation/positionBias';
export {
  binaryVariances,
  detectableDifference,
  detectableSentence,
  differenceError,
  measuredVariances,
  type PowerDesign,
  type PowerPoint,
  powerCurve,
  powerOf,
  questionsNeeded,
} from './evaluation/power';
export {
  PUBLISHED,
  PUBLISHED_TABLES,
  type PublishedTable,
  publishedScore,
  publishedTable,
} from './evaluation/published';
export { overSeeds, type SeedsEstimate } from './evaluation/seeds';
export {
  clusteredMean,
  clusteredShare,
  type Estimate,
  majorityAtK,
  pairedDifference,
  pairedShareDifference,
  passAtK,
  recoveredShare,
} from './evaluation/statistics';
export { type Comparison, familyScores } from './experiments/comparison';
export { contextDifference, MATRIX_CONTEXTS, type MatrixRow } from './experiments/contextMatrix';
export { type Check, type Diagnosis, diagnose } from './experiments/doctor';
export { type Measurement, type MeasurementFacts, readMeasurement } from './experiments/measurement';
export { guidanceOf, type QuickstartOptions, type QuickstartOutcome, quickstart } from './experiments/quickstart';
export { writeReport } from './experiments/report';
export { measureRubrics, type RubricQualityReport, type SourceQuality } from './experiments/rubricQuality';
export { takeRubrics, writeRubrics } from './experiments/rubrics';
export { openSession, type Session } from './experiments/session';
export { readRows, type StudyRow } from './experiments/study/row';
export type { StudyTable } from './experiments/study/tableParts';
export { studyTables } from './experiments/study/tables';
export { measuredAlignment, type StudyFigure, studyFigures } from './experiments/studyFigures';
export { type WrittenFigures, writeFigures } from './experiments/studyFigures/write';
export { runSweep } from './experiments/sweep';
export { planSweep } from './experiments/sweepPlan';
export type { SweepMethod, SweepSummary } from './experiments/sweepSummary';
export { type TrainOptions, type TrainOutcome, train, trainInSession } from './experiments/train';
export { measureUplift, type Uplift, type UpliftPlan } from './experiments/uplift';
export { accuracyBars } from './figures/accuracy';
export { trainingCurves } from './figures/curves';
export { familyHeatmap } from './figures/families';
export type { Figure } from './figures/figure';
export { recoveryFigure } from './figures/recovery';
export { type ReliabilitySeries, reliabilityFigure } from './figures/reliability';
export { type ShareSeries, shareCurves } from './figures/shares';
export { figureToSvg } from './figures/svg/render';
export type { ChatMessage, Tokenizer } from './files/tokenizer';
export { divergenceOf, type PlainDivergence, type PlainLogits } from './losses/plain';
export { openModel } from './model/load';
export type { LanguageModel } from './model/model';
export {
  agreementSeries,
  type CalibratedSeries,
  differenceRows,
  disagreementRows,
  failureRows,
  lengthRows,
  likelihoodRows,
  likelihoodSeries,
  modeRows,
  powerSentence,
  type Row,
  subjectRows,
  worstRows,
} from './notebook/analysis';
export {
  type Benchmark,
  type BenchmarkChoice,
  type BenchmarkSizes,
  likelihoodsOf,
  type MethodLikelihoods,
  openBenchmark,
} from './notebook/benchmarks';
export { type AnswerPair, answerRows, changeRows, pairAnswers, pairsThat } from './notebook/changes';
export { criterionRows, type JudgedResponse, judgeCriteria, readerRows, rubricRows } from './notebook/criteria';
export { type CompletionGroup, completionGroups, groupRows, rewardRows, spreadRow } from './notebook/groups';
export { interruptible } from './notebook/interruptible';
export { letterRows, placeRows, rightFirst } from './notebook/letters';
export { liveChart, liveProgress } from './notebook/live';
export {
  NUMERIC_ERRORS,
  type NumericError,
  numericErrorRows,
  toleranceSeries,
  unitRows,
} from './notebook/numericErrors';
export { params } from './notebook/params';
export { designOf, leadSeries, nullRows, powerRows, powerSeries } from './notebook/power';
export { type ScoreRow, scoreRows } from './notebook/rows';
export { showFigure, showGuidance, showRubric, showTable } from './notebook/show';
export type { JudgeCase } from './prompts/judge';
export { InputError, InterruptedError } from './records/errors';
export type { OperationOptions, ProgressEvent } from './records/events';
export type { CompletionRow, MetricsRow, WarningRow } from './records/rows';
export { listRuns, openRun, type Run } from './records/runReader';
export { type JudgeEvaluator, type JudgeSettings, judgeEvaluator, judgeSettings } from './rewards/judges/evaluator';
export type { Judgement } from './rewards/judges/judgement';
export type { JudgeKindName } from './rewards/judges/kinds';
export type { ChatModel, ChatReply, ChatRequest } from './rollout/chat';
export { type GenerationOptions, type GenerationRequest, generate } from './rollout/generate';
export type { Rollout } from './rollout/rollout';
export { type ParsedRubric, parseRubric } from './rubrics/parse';
export type { Criterion, Rubric } from './rubrics/rubric';
export { scoreGuidance, type TokenScores } from './scoring/guidance';
export { type CompletionScores, scoreCompletions } from './scoring/logprobs';
export { type LoadedTask, type LoadOptions, loadTask } from './tasks/load';
export { criterionKind, factsOf, pretty, processChecks } from './tasks/microscience';
export { MODES, modeNamed } from './tasks/modes';
export type { Mode, ModeName } from './tasks/modes/mode';
export type { Grade, Question } from './tasks/question';
export { type Registration, readRegistry } from './tasks/registry';
export type { Task } from './tasks/task';
export type { ViewRequest, Views } from './tasks/views';
