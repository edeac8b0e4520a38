/**
 * What an algorithm is to the training loop: whose completions are learned from, what each side sees, what is thought of the
 * completions, which loss. The loop knows none by name, and none knows another. A file of this folder defines each of them.
 */
import type { AlgorithmTraits } from '../../base/config/algorithm';
import type { StageSettings, TrainConfig } from '../../base/config/configs';
import type { Question } from '../../base/records/question';
import type { Criterion, Rubric } from '../../base/records/rubric';
import type { Task } from '../../questions/tasks/task';
import type { Revision, ViewRequest } from '../../questions/tasks/views';
import type { LossSpec } from '../losses/spec';
import type { Completion, Reward } from '../rewards/reward';
import type { Author, Rollout } from '../rollout/rollout';
import type { Met } from '../rubrics/score';
import type { ComparedCompletion } from '../scoring/compare';
import type { CompletionScores } from '../scoring/logprobs';
import type { TrainingSequence } from '../scoring/sequence';

/** A question and, where the algorithm needs one, the rubric its teacher sees. */
export interface Example {
  readonly question: Question;
  readonly rubric?: Rubric;
}

/** The completions of one question that were drawn together. */
export interface RolloutGroup {
  readonly example: Example;
  readonly rollouts: readonly Rollout[];
}

/** What an algorithm thinks of one completion of a group. */
export interface Assessment {
  readonly reward?: number;
  /** How much better than expected the completion is. */
  readonly advantage?: number;
  /** Other completions of the group, for the teacher to read as examples. */
  readonly siblings?: readonly string[];
  /** What the teacher is asked to make of the completion. */
  readonly revision?: Revision;
  /** The completion stays in the batch, but none of its tokens counts in the loss. */
  readonly masked?: boolean;
}

/** Assessments on all rollouts, in the groups' order; null leaves a completion out of the update. */
export interface Assessments {
  readonly assessments: readonly (readonly (Assessment | null)[])[];
  /** Numbers for the step's row in metrics.jsonl; null where there was nothing to measure. */
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** A completion that is about to be learned from, as both sides read it. */
export interface TrainingRollout extends Rollout, TrainingSequence {
  readonly studentText: string;
  readonly teacherText?: string;
  /** In place of it, the criteria of the teachers that see one each: their ids, and what each teacher sees. */
  readonly criteria?: readonly { readonly id: string; readonly teacherText: string }[];
  readonly assessment: Assessment;
  /** Log-probabilities of its tokens under the teacher behind each of `hintViews`, at the sampling temperature. */
  readonly hinted?: readonly (readonly number[])[];
  /** The loss's numbers for each token at the batch's first update; absent before it. */
  readonly first?: Readonly<Record<string, readonly number[]>>;
}

/** Numbers for each token of one completion, by the names that the loss knows them under. */
export type TokenSignals = Readonly<Record<string, readonly number[]>>;

/** What an algorithm can have measured of a batch before an update, by the weights as they are then; results in the batch's order. */
export interface Measuring {
  /** Reads all completions under the policy, at the sampling temperature. */
  score(): Promise<readonly CompletionScores[]>;
  /** Reads all completions under the policy and, behind the teacher's views, under the teacher, at the sampling temperature. */
  compare(): Promise<readonly ComparedCompletion[]>;
  /** Updates of the stage so far. */
  readonly updates: number;
}

/** One training algorithm, or one stage of it. */
export interface Algorithm {
  readonly name: string;
  /** Whose completions are learned from; a function decides for each by a seeded number from 0 to 1 that is its own. */
  readonly rollouts: Author | ((chance: number) => Author);
  /** What the data writes where it is the author; default: the question's solution. */
  solution?(question: Question): string;
  /** What the student sees when it learns. */
  studentView(example: Example): ViewRequest;
  /** What is seen while completions are drawn; default: the student's view. */
  rolloutView?(example: Example): ViewRequest;
  /** What the teacher sees beside a completion that was judged so; absent for losses without a teacher. */
  teacherView?(example: Example, assessment?: Assessment): ViewRequest;
  /** Further views behind which the teacher's weights read a completion before it is learned from. */
  hintViews?(example: Example, assessment: Assessment): readonly ViewRequest[];
  /** Completions drawn of each question, side by side; a batch holds batch_size / groupSize questions. Default 1. */
  readonly groupSize?: number;
  /** Updates made with one batch of completions. Default 1. */
  readonly updates?: number;
  /** Judges a batch's completions before the teacher sees any; without it all are learned from. */
  assess?(groups: readonly RolloutGroup[]): Promise<Assessments>;
  /** What the loss gets for each token beside the logits, anew before each update; the same names for every completion. */
  signals?(batch: readonly TrainingRollout[], measuring: Measuring): Promise<TokenSignals[]>;
  readonly loss: LossSpec;
}

/** What the student sees where answers are learned: the question alone. */
export const studentAnswers =
  ({ thinking }: Pick<StageSettings, 'thinking'>): Algorithm['studentView'] =>
  ({ question }) => ({ question, purpose: 'answer', thinking: thinking.student });

/** What the teacher sees where answers are learned: the question and some privileged text. */
export const teacherAnswers =
  ({ thinking, anti_mention }: Pick<StageSettings, 'thinking' | 'anti_mention'>) =>
  (question: Question, shown: Privileged): ViewRequest => ({
    question,
    purpose: 'answer',
    thinking: thinking.teacher,
    antiMention: anti_mention,
    ...shown,
  });

/** Text that only a teacher may see. */
export type Privileged = Pick<ViewRequest, 'answer' | 'rubric' | 'demonstration' | 'unrelated' | 'revision'>;

/** Privileged text for a teacher's view as the settings name it. Throws when the example lacks it. */
export function privileged(example: Example, context: StageSettings['teacher_context']): Privileged {
  const { question, rubric } = example;
  const wantsRubric = context === 'rubric' || context === 'answer+rubric';
  if (wantsRubric && !rubric) throw new Error(`question ${question.id} came without the rubric its teacher needs`);
  return {
    ...((context === 'answer' || context === 'answer+rubric') && { answer: question.answer }),
    ...(wantsRubric && { rubric }),
  };
}

/** A criterion of a rubric, and what the teacher that sees it alone is shown. */
export interface CriterionView {
  readonly criterion: Criterion;
  readonly view: ViewRequest;
}

/** Takes a view with a rubric apart into those with one criterion each, in its order. Throws where a view shows no rubric. */
export function criterionViews(view: ViewRequest): CriterionView[] {
  const { rubric } = view;
  if (!rubric) throw new Error(`the teacher of question ${view.question.id} sees no rubric to take apart`);
  return rubric.criteria.map((criterion) => ({
    criterion,
    view: { ...view, rubric: { ...rubric, criteria: [criterion] } },
  }));
}

/** The student's view for completions drawn from the question alone or, with `rollout_context`, by one who was told more. */
export function drawnAnswers(
  settings: Pick<StageSettings, 'thinking' | 'rollout_context'>,
): Pick<Algorithm, 'studentView' | 'rolloutView'> {
  const studentView = studentAnswers(settings);
  const { rollout_context: context } = settings;
  if (context === 'none') return { studentView };
  return { studentView, rolloutView: (example) => ({ ...studentView(example), ...privileged(example, context) }) };
}

/** Which criteria of its rubric each completion meets, and how far; those that nobody could check are left out. */
export type CriteriaCheck = (completions: readonly Completion[]) => Promise<readonly (readonly Met[])[]>;

/** What an algorithm may ask for beside its settings. */
export interface AlgorithmContext {
  readonly task: Pick<Task, 'grade' | 'boxed'>;
  /** Made when asked for: a reward may need a judge. */
  rewards(): readonly Reward[];
  /** Likewise. */
  criteria(): CriteriaCheck;
  /** The questions that are trained on, and the seed of what is drawn from them. */
  readonly pool: { readonly questions: readonly Question[]; readonly seed: number };
}

/** What an algorithm gets where it is only looked at and nothing is trained. */
export const lookingAt = (task: AlgorithmContext['task']): AlgorithmContext => ({
  task,
  rewards: () => [],
  criteria: () => async (completions) => completions.map(() => []),
  pool: { questions: [], seed: 0 },
});

/** An algorithm as the settings name it: its traits, what the docs say of it, and its one or two stages. */
export interface AlgorithmDefinition extends AlgorithmTraits {
  /**
   * Its rows in the docs, as Markdown: whose completions, what the teacher sees, the loss and its source (docs/methods.md), and with
   * symbols what is learned from, the loss on a token, and what differs from the source (docs/method.md).
   */
  readonly about: Readonly<
    Record<'completions' | 'teacher' | 'loss' | 'source' | 'learns' | 'formula' | 'differs', string>
  >;
  /** The stage that learns to answer. */
  answering(settings: StageSettings, context: AlgorithmContext): Algorithm;
  /** The stage before it that learns to write rubrics, where `rubricStage` says that there is one. */
  writing?(config: TrainConfig): Algorithm;
}
