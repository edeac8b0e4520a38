/** The kind of answer that each task asks for, and the kinds that each mode can grade. */
import { InputError } from '../../../base/records/errors';
import type { Question } from '../../../base/records/question';
import {
  answerKind,
  familyOf,
  type QuestionKind,
  STATED_KINDS,
  type StatedKind,
  statedKind,
} from '../../tasks/answerKinds';
import { BENCHMARKS } from '../../tasks/benchmarks';
import { MODE_NAMES, type ModeName } from './mode';

/** What a task says of its answers where a question does not. */
interface TaskRule {
  readonly kind: StatedKind;
  readonly tolerance?: string;
}

/**
 * Rules by name of a task or a benchmark. A kind is also the name of a task. Benchmarks that are graded by rubrics are
 * `open` for a rule.
 */
const TASKS: ReadonlyMap<string, TaskRule> = new Map<string, TaskRule>([
  ...STATED_KINDS.map((kind) => [kind, { kind }] as const),
  ...BENCHMARKS.map(({ name, kind, tolerance }) => {
    return [name, { kind: kind === 'rubric' ? 'open' : kind, ...(tolerance !== undefined && { tolerance }) }] as const;
  }),
]);

/** Names of tasks that `rcsd grade` takes. */
export const TASK_NAMES: readonly string[] = [...TASKS.keys()];

const KINDS: Readonly<Record<ModeName, readonly QuestionKind[]>> = {
  'open-science': ['multiple-choice', 'numeric'],
  corrected: ['multiple-choice', 'numeric', 'math', 'open'],
  'simple-evals': ['multiple-choice'],
  'mmlu-pro': ['multiple-choice'],
  'lm-eval-strict': ['multiple-choice', 'math'],
  'lm-eval-flexible': ['multiple-choice'],
};

/** Family of a task that is known by name; undefined for others. */
export function kindOfTask(task: string): QuestionKind | undefined {
  const rule = TASKS.get(task);
  return rule && familyOf(rule.kind);
}

/** The question with its task's kind and tolerance where it states none of its own. */
export function withTaskRule(question: Question): Question {
  const { task, choices, metadata } = question;
  const rule = TASKS.get(task);
  return rule ? { ...question, metadata: { ...(choices ? {} : rule), ...metadata } } : question;
}

/**
 * Family of a question: what the question states (choices, `metadata.kind`), or else its task's, or else what its
 * answer looks like.
 */
export function kindOfQuestion(question: Question): QuestionKind {
  const stated = statedKind(question);
  return stated ? familyOf(stated) : (kindOfTask(question.task) ?? familyOf(answerKind(question)));
}

/** Whether a mode can grade a question. */
export const knows = (mode: ModeName, question: Question): boolean => KINDS[mode].includes(kindOfQuestion(question));

/** The kind of a question. Throws InputError where the mode cannot grade it; it lists the modes that can. */
export function requireKind(mode: ModeName, question: Question): QuestionKind {
  const kind = kindOfQuestion(question);
  if (knows(mode, question)) return kind;
  const others = MODE_NAMES.filter((name) => KINDS[name].includes(kind));
  throw new InputError(
    `The mode ${mode} does not know ${kind} questions such as "${question.id}" (task ${question.task}); use ${others.join(', ')}.`,
  );
}

/** The choices of a question. Throws InputError where it has none. */
export function requireChoices({ id, choices }: Question): readonly string[] {
  if (choices && choices.length > 0) return choices;
  throw new InputError(`The multiple-choice question "${id}" has no choices; add the field "choices".`);
}
