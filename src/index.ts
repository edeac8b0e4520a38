/** The public surface: what notebooks and programs import. TensorFlow is loaded when it is first needed, not here. */

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
} from './app/notebook/analysis';
export {
  type Benchmark,
  type BenchmarkChoice,
  type BenchmarkSizes,
  likelihoodsOf,
  type MethodLikelihoods,
  openBenchmark,
} from './app/notebook/benchmarks';
export { type AnswerPair, answerRows, changeRows, pairAnswers, pairsThat } from './app/notebook/changes';
export { criterionRows, type JudgedResponse, judgeCriteria, readerRows, rubricRows } from './app/notebook/criteria';
export { type CompletionGroup, completionGroups, groupRows, rewardRows, spreadRow } from './app/notebook/groups';
export { interruptible } from './app/notebook/interruptible';
export { letterRows, placeRows, rightFirst } from './app/notebook/letters';
export { liveProgress } from './app/notebook/live';
export { liveRun } from './app/notebook/liveRun';
export {
  NUMERIC_ERRORS,
  type NumericError,
  numericErrorRows,
  toleranceSeries,
  unitRows,
} from './app/notebook/numericErrors';
export { params } from './app/notebook/params';
export { designOf, leadSeries, nullRows, powerRows, powerSeries } from './app/notebook/power';
export { ruleRows, ruleScores, type ScoreRow, scoreRows } from './app/notebook/rows';
export { showFigure, showGuidance, showRubric, showTable } from './app/notebook/show';
export { showSliders } from './app/notebook/sliders/show';
export { openStudy, type StudyShelf } from './app/notebook/study';
export type { StageSettings, TrainConfig } from './base/config/configs';
export type { TrainInput } from './base/config/input';
export { type Decoding, decodingText } from './base/records/decoding';
export { InputError, InterruptedError } from './base/records/errors';
export type { OperationOptions, ProgressEvent } from './base/records/events';
export type { Grade, Question } from './base/records/question';
export type { CompletionRow, MetricsRow, WarningRow } from './base/records/rows';
export type { Criterion, Rubric } from './base/records/rubric';
export { listRuns, openRun, type Run } from './base/records/runReader';
export type { ChatMessage, Tokenizer } from './engine/files/tokenizer';
export { openModel } from './engine/model/load';
export type { LanguageModel } from './engine/model/model';
export { type Algorithm, type CriterionView, criterionViews, type Example } from './method/algorithms/algorithm';
export { resolveTrainConfig, trainConfig } from './method/algorithms/settings';
export { divergenceOf, type PlainDivergence, type PlainLogits } from './method/losses/plain';
export type { JudgeCase } from './method/prompts/judge';
export {
  type JudgeEvaluator,
  type JudgeSettings,
  judgeEvaluator,
  judgeSettings,
} from './method/rewards/judges/evaluator';
export type { Judgement } from './method/rewards/judges/judgement';
export type { JudgeKindName } from './method/rewards/judges/kinds';
export type { ChatModel, ChatReply, ChatRequest } from './method/rollout/chat';
export { type GenerationOptions, generate, type RolloutRequest as GenerationRequest } from './method/rollout/generate';
export type { Rollout } from './method/rollout/rollout';
export { type ParsedRubric, parseRubric } from './method/rubrics/parse';
export { type GuidedAnswer, scoreGuidance, scoresOfRow, type TokenScores } from './method/scoring/guidance';
export { type CompletionScores, scoreCompletions } from './method/scoring/logprobs';
export { MODES, modeNamed } from './questions/grading/modes';
export type { Mode, ModeName } from './questions/grading/modes/mode';
export { type LoadedTask, type LoadOptions, loadTask } from './questions/load';
export { type Registration, readRegistry } from './questions/registry';
export { criterionKind, factsOf, pretty, processChecks } from './questions/tasks/microscience';
export type { Task } from './questions/tasks/task';
export type { ViewRequest, Views } from './questions/tasks/views';
export { type Confidence, type Reliability, reliability } from './results/evaluation/calibration';
export { type Evaluation, type EvaluationSummary, evaluate } from './results/evaluation/evaluate';
export { type Estimate, exactInterval, type Interval, wilson } from './results/evaluation/intervals';
export { type MixedEstimate, mixedSummary } from './results/evaluation/mixed';
export { benjaminiHochberg, holm } from './results/evaluation/multiplicity';
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
} from './results/evaluation/nullTable';
export {
  type McNemar,
  mcnemar,
  mcnemarOf,
  type PermutationTest,
  pairedBootstrap,
  permutationTest,
} from './results/evaluation/paired';
export { type GuessingModel, type GuessingScore, guessingScore } from './results/evaluation/positionBias';
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
} from './results/evaluation/power';
export {
  PUBLISHED,
  PUBLISHED_TABLES,
  type PublishedTable,
  publishedScore,
  publishedTable,
} from './results/evaluation/published';
export { overSeeds, type SeedsEstimate } from './results/evaluation/seeds';
export {
  clusteredMean,
  clusteredShare,
  majorityAtK,
  pairedDifference,
  pairedShareDifference,
  passAtK,
  recoveredShare,
} from './results/evaluation/statistics';
export { accuracyBars } from './results/figures/accuracy';
export { creditHeatmap } from './results/figures/credit';
export { trainingCurves } from './results/figures/curves';
export { familyHeatmap } from './results/figures/families';
export type { Figure } from './results/figures/figure';
export { type LineSeries, type LinesPanel, linesFigure } from './results/figures/lines';
export { recoveryFigure } from './results/figures/recovery';
export { type ReliabilitySeries, reliabilityFigure } from './results/figures/reliability';
export { type ShareSeries, shareCurves } from './results/figures/shares';
export { figureToSvg } from './results/figures/svg/render';
export { type JudgedRow, type JudgeReport, judgeReport } from './results/judges/judgeReport';
export { familyScores, type MethodComparison } from './run/experiments/comparison';
export { guidanceOf, type QuickstartOptions, type QuickstartOutcome, quickstart } from './run/experiments/quickstart';
export { writeReport } from './run/experiments/report';
export { type TrainOptions, type TrainOutcome, train, trainInSession } from './run/experiments/train';
export { type Exported, type ExportRequest, exportModel } from './run/export/export';
export { type AuditPlan, type AuditRow, auditContexts, auditGuidance, creditOf } from './run/probes/audit';
export { contextCredit, contextsIn, creditBy } from './run/probes/auditSummary';
export { contextDifference, MATRIX_CONTEXTS, type MatrixRow } from './run/probes/contextMatrix';
export { type Check, type Diagnosis, diagnose } from './run/probes/doctor';
export { measureRubrics, type RubricQualityReport, type SourceQuality } from './run/probes/rubricQuality';
export { measureUplift, type Uplift, type UpliftPlan } from './run/probes/uplift';
export { writeRubrics } from './run/session/rubrics';
export { openSession, type Session } from './run/session/session';
export { studentView, takeRubrics, teacherOf, teacherView } from './run/session/shown';
export { measuredAlignment, type StudyFigure } from './study/figures';
export { FOLLOWED, FOLLOWED_STEPS, type ReachFigures, reachFigures } from './study/figures/reach';
export { type WrittenFigures, writeFigures } from './study/figures/write';
export { LEVEL_NAMES } from './study/reach/measured';
export type { StudyRow } from './study/row';
export { type Measurement, type MeasurementFacts, readMeasurement } from './study/speed/measurement';
export { planSweep } from './study/sweeps/plan';
export type { SweepMethod, SweepSummary } from './study/sweeps/summary';
export { runSweep } from './study/sweeps/sweep';
export { readSweep } from './study/sweeps/sweepCells';
export type { StudyTable } from './study/tables/parts';
