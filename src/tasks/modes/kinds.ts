/** Which kind of answer a task asks for, and which kinds each mode knows: the one place for both. */
import { InputError } from '../../records/errors';
import { kindOf, type QuestionKind } from '../grading';
import type { Question } from '../question';
import { MODE_NAMES, type ModeName } from './mode';

/** Published benchmarks, and the kinds themselves as names of tasks. */
const TASKS: Readonly<Record<string, QuestionKind>> = {
  'multiple-choice': 'multiple-choice',
  numeric: 'numeric',
  math: 'math',
  open: 'open',
  'gpqa-diamond': 'multiple-choice',
  'gpqa-main': 'multiple-choice',
  'gpqa-extended': 'multiple-choice',
  'mmlu-pro': 'multiple-choice',
  supergpqa: 'multiple-choice',
  piqa: 'multiple-choice',
  medmcqa: 'multiple-choice',
  pubmedqa: 'multiple-choice',
  'arc-easy': 'multiple-choice',
  'arc-challenge': 'multiple-choice',
  sciq: 'multiple-choice',
  sciknoweval: 'multiple-choice',
  scibench: 'numeric',
  olympiadbench: 'math',
  'math-500': 'math',
  'aime-2024': 'math',
  'aime-2025': 'math',
};

/** Names of tasks that `rcsd grade` takes. */
export const TASK_NAMES: readonly string[] = Object.keys(TASKS);

const KINDS: Readonly<Record<ModeName, readonly QuestionKind[]>> = {
  'open-science': ['multiple-choice', 'numeric'],
  corrected: ['multiple-choice', 'numeric', 'math', 'open'],
  'simple-evals': ['multiple-choice'],
  'mmlu-pro': ['multiple-choice'],
  'lm-eval-strict': ['multiple-choice', 'math'],
  'lm-eval-flexible': ['multiple-choice'],
};

/** Kind of a task known by name, undefined for others. */
export const kindOfTask = (task: string): QuestionKind | undefined =>
  Object.hasOwn(TASKS, task) ? TASKS[task] : undefined;

/** Kind of a question: its task's, else what the question itself shows. */
export const kindOfQuestion = (question: Question): QuestionKind => kindOfTask(question.task) ?? kindOf(question);

/** Whether a mode knows how to grade a question. */
export const knows = (mode: ModeName, question: Question): boolean => KINDS[mode].includes(kindOfQuestion(question));

/** The kind of a question. Throws InputError naming the modes that know it where this mode does not. */
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
