/** What the files of a run folder hold. Names are the files' own; other programs read them. */
import type { Decoding } from './decoding';

/**
 * Version of the config.json that this program writes. A setting that is added says that it came `since` the next version, so that
 * a run of an older one is read as the program understood it then.
 */
export const SCHEMA_VERSION = 5;

/** SHA-256, in hexadecimal, of each input by its name: `weights`, `tokenizer`, `adapter`, `train_questions`, `rubrics` ... */
export type Inputs = Readonly<Record<string, string>>;

/** config.json: everything that the run was started with. */
export interface RunConfig {
  readonly schema_version: number;
  /** ISO time at which the run was started. */
  readonly created: string;
  /** The complete settings; for training runs `trainSettings.parse` gives them their type back. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Commit of this program, with `-dirty` behind it for uncommitted changes; null outside its repository. */
  readonly git_commit: string | null;
  readonly versions: Readonly<Record<string, string>>;
  /** Model name of the processor. */
  readonly cpu: string;
  readonly platform: string;
  readonly threads: number;
  /** Which kernels compute: the set of loops (RCSD_LOOPS), or whose else. Absent in the files of earlier versions. */
  readonly kernels?: string;
  /** SHA-256 of what it was made from. Absent in the files of earlier versions. */
  readonly inputs?: Inputs;
}

/** What a stage learns from, as data.json holds it. */
export interface StageData {
  readonly stage: string;
  /** Each data set: its training questions, how many of them were chosen and, where sets have weights, how often the whole stage draws from it. */
  readonly sets: readonly {
    readonly data: string;
    readonly questions: number;
    readonly chosen: number;
    readonly weight?: number;
    readonly draws?: number;
  }[];
  /** Questions left out for the length of their prompts, of those that were looked at. */
  readonly too_long?: { readonly max_prompt_tokens: number; readonly left_out: number; readonly of: number };
}

/** One line of metrics.jsonl: a step and its numbers under slash names; null stands for one that could not be measured. */
export interface MetricsRow {
  readonly step: number;
  readonly [metric: string]: number | null;
}

/** One line of validation.jsonl: the student's accuracy (avg@k) on the validation questions after a step, 95 % interval. */
export interface ValidationRow {
  readonly step: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly questions: number;
}

/**
 * One of the next tokens that either side holds most likely: its id and text, its log-probability under the student and under the
 * teacher, and its term of the divergence (nats, before any clip).
 */
export type NextToken = readonly [id: number, text: string, student: number, teacher: number, term: number];
/** One line of trace.jsonl: how likely the right rule is after a step, by teacher forcing; step 0 is before training. */
export interface TraceRow extends TrueRule {
  readonly step: number;
}

/** One line of rollout_servers.jsonl: a server that the run drew its completions from, since when, and how it compared. */
export interface RolloutServerRow {
  /** ISO time. */
  readonly started: string;
  readonly address: string;
  /** The served name of the base model. */
  readonly model: string;
  /** What the server says of itself; absent where it does not say. */
  readonly version?: string;
  /** Most tokens of prompt and completion together. */
  readonly positions?: number;
  /** The sizes of the log-ratios of model to server over so many drawn tokens, in nats. */
  readonly probe: { readonly tokens: number; readonly log_ratio_max: number; readonly log_ratio_mean: number };
}

/** One line of completions.jsonl: a rollout, the text both sides saw, and its scores token by token. */
export interface CompletionRow {
  readonly step: number;
  readonly question_id: string;
  readonly sample: number;
  readonly seed: number;
  /** The student's view. */
  readonly prompt: string;
  /** The teacher's view; absent without a teacher. */
  readonly teacher_prompt?: string;
  /** The views of the teachers of one criterion each, in the order of the question's rubric, in place of `teacher_prompt`. */
  readonly teacher_prompts?: readonly string[];
  readonly text: string;
  readonly finish_reason: 'stop' | 'length';
  readonly completion_ids: readonly number[];
  /** The text of each completion token, for showing scores on the text. */
  readonly tokens?: readonly string[];
  /** Natural logarithms of the student's and the teacher's probability of each completion token. */
  readonly logprobs?: readonly number[];
  readonly teacher_logprobs?: readonly number[];
  /** Divergence at each completion token, in nats, before any clip. */
  readonly divergence?: readonly number[];
  /** With a teacher for each criterion: the id, in the question's rubric, of the one that moves the student most at each token. */
  readonly criterion?: readonly string[];
  /** What multiplies each token's part of the loss: its advantage, 0 where it does not count; absent where all weigh the same. */
  readonly weight?: readonly number[];
  /** Of the step's first `keep_token_details` completions: what was compared at each token, both sides at `loss_temperature`. */
  readonly details?: TokenDetails;
  readonly reward?: number;
  /** How much better than expected the completion is, in the algorithm's own measure. */
  readonly advantage?: number;
}

/** What the loss compared at each token of a completion. */
export interface TokenDetails {
  /** Entropy of the student and of the teacher, nats. */
  readonly entropy: readonly number[];
  readonly teacher_entropy: readonly number[];
  /** What the clip leaves of the divergence; absent without a clip. */
  readonly clipped?: readonly number[];
  /** The ten likeliest next tokens of each side, the teacher's likeliest first; those of both sides stand once. */
  readonly next: readonly (readonly NextToken[])[];
}

/** One line of warnings.jsonl: a condition that a user can act on, at the step at which it came to hold. */
export interface WarningRow {
  readonly step: number;
  /** Its row in docs/symptoms.md. */
  readonly name: string;
  /** The number that was seen. */
  readonly value: number | null;
  /** What was seen, what it means, what to change. */
  readonly message: string;
}

/** One line of rubrics.jsonl: a rubric that the teacher saw, or a text that was no rubric. */
export interface RubricRow {
  readonly question_id: string;
  readonly source: string;
  readonly valid: boolean;
  /** Why the text is no rubric. */
  readonly reason?: string;
  /** What was repaired or kept with doubts. */
  readonly issues?: readonly string[];
  /** The text as the model wrote it; absent for rubrics made by rule. */
  readonly text?: string;
  readonly criteria: readonly RubricRowCriterion[];
  readonly seed?: number;
  /** How many times the model was asked. */
  readonly attempts?: number;
}

/** A criterion as it stands in rubrics.jsonl. */
export interface RubricRowCriterion {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly weight: number;
  readonly importance: string | null;
  readonly polarity: string | null;
}

/** A score as results.json keeps it; a share except for lengths, its 95 % interval over `n` questions. */
export interface RecordedScore {
  readonly value: number;
  readonly stderr: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Scores by their names (`avg@16`, `maj@16`, `pass@1` ... `pass@16`, `process`, `rule`), with the counts of their answers. */
export interface RecordedScores {
  readonly unparsed: number;
  readonly truncated: number;
  readonly unscored: number;
  /** Answers that a server failed to give, which no score counts; absent in the files of earlier versions. */
  readonly failed?: number;
  readonly mean_length: number;
  readonly scores: Readonly<Record<string, RecordedScore>>;
}

/** The probability of the right rule where a solution names it, by teacher forcing: the mean over questions, and by stratum. */
export interface TrueRule {
  readonly mean: number;
  readonly strata?: Readonly<Record<string, number>>;
}

/** All scores of one decoding. */
export interface DecodedScores extends RecordedScores {
  readonly decoding: Decoding;
  readonly seed: number | null;
  /** The same for the questions of each stratum, where questions have one. */
  readonly strata?: Readonly<Record<string, RecordedScores>>;
}

/** eval/{before,after}/results.json in lm-evaluation-harness's shape, with our counts beside it. */
export interface EvaluationResults {
  /**
   * By task: `alias`, `sample_len`, and `METRIC,FILTER` with `METRIC_stderr,FILTER`; the filter is the decoding's name in a
   * ladder (`greedy`, `t0.5`, `t1`), and otherwise `none`.
   */
  readonly results: Readonly<Record<string, Readonly<Record<string, number | string | null>>>>;
  readonly 'n-samples': Readonly<Record<string, { readonly original: number; readonly effective: number }>>;
  readonly counts: Readonly<Record<string, Pick<RecordedScores, 'unparsed' | 'truncated' | 'unscored' | 'failed'>>>;
  /** By task: the scores of each decoding; empty where choices were scored. Absent in the files of earlier versions. */
  readonly decodings?: Readonly<Record<string, readonly DecodedScores[]>>;
  /** By task, where it knows the right rule of each question. */
  readonly true_rule?: Readonly<Record<string, TrueRule>>;
  readonly versions: Readonly<Record<string, number | string>>;
  readonly higher_is_better: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  /** Model, sampling and seeds of this evaluation. */
  readonly config: Readonly<Record<string, unknown>>;
  /** By task: how it was asked and read. */
  readonly configs: Readonly<Record<string, { readonly mode: string }>>;
  /** SHA-256 of the model's chat template, null where none was used or known. */
  readonly chat_template_sha: string | null;
  /** By task: SHA-256 of its questions as asked. */
  readonly task_hashes: Readonly<Record<string, string>>;
  readonly git_hash: string | null;
  /** Seconds since 1970. */
  readonly date: number;
  readonly total_evaluation_time_seconds: number;
  /** The largest memory that the process had had until then, with training before it; absent in the files of earlier versions. */
  readonly peak_memory_bytes?: number;
  readonly [more: string]: unknown;
}

/** What samples_<task>.jsonl holds of a question. */
export interface SampleDoc {
  readonly id: string;
  readonly question: string;
  readonly choices?: readonly string[];
  readonly subject?: string;
  readonly difficulty?: string;
  readonly stratum?: string;
}

/** What the model read in one request. */
export interface SampleArguments {
  readonly arg_0: string;
  readonly arg_1?: string;
}

/**
 * One line of samples_<task>.jsonl: one question with its responses under one decoding; lists have one entry for each of
 * them.
 */
export interface SampleRow {
  readonly doc_id: number;
  /** How the responses were drawn; absent in the files of earlier versions, and where choices were scored. */
  readonly decoding?: Decoding;
  readonly doc: SampleDoc;
  readonly target: string;
  /** What the model read; of an evaluation by log-likelihood one for each choice, `arg_1` the continuation. */
  readonly arguments: { readonly gen_args_0: SampleArguments; readonly [gen_args: string]: SampleArguments };
  /** The responses, and what was extracted from each (null: nothing found). */
  readonly resps: readonly string[];
  readonly filtered_resps: readonly (string | null)[];
  readonly correct: readonly boolean[];
  /** A judge's scores, 0..1, null where it gave none; absent where a rule grades. */
  readonly scores?: readonly (number | null)[];
  readonly process?: readonly (number | undefined)[];
  /** Whether each response states the right rule and not the common wrong one, where the task knows both. */
  readonly rule?: readonly (boolean | undefined)[];
  /** By log-likelihood: that of each choice (nats), and 1 or 0 by each rule; the response is the letter that acc_norm takes. */
  readonly loglikelihoods?: readonly number[];
  readonly acc?: number;
  readonly acc_norm?: number;
  readonly acc_bytes?: number;
  readonly truncated: readonly boolean[];
  /** Length of each. */
  readonly tokens: readonly number[];
  /** Answers that a server failed to give; they are in none of the lists. Absent where there are none. */
  readonly failed?: number;
  /** SHA-256 of the question as asked, of the prompt and of the target. */
  readonly doc_hash: string;
  readonly prompt_hash: string;
  readonly target_hash: string;
}

/** The two moments at which a run evaluates. */
export type EvaluationMoment = 'before' | 'after';
