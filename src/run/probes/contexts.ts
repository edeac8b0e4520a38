/**
 * What a model can be shown beside a question, for measuring what the showing is worth: nothing, the configured teacher's context,
 * the reference rubric, and a placebo of the configured kind with nothing of this question in it.
 */

import { type AlgorithmTraits, readsSetting } from '../../base/config/algorithm';
import type { TrainConfig } from '../../base/config/configs';
import type { TeacherContext } from '../../base/config/parts';
import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import { createRandom, hashWords } from '../../engine/tensors/random';
import { ALGORITHMS, algorithmNamed } from '../../method/algorithms';
import type { ViewRequest } from '../../questions/tasks/views';
import type { Session } from '../session/session';
import {
  type ShownRubrics,
  sourceWithoutWriter,
  studentView,
  takeRubrics,
  teacherOf,
  teacherView,
} from '../session/shown';

/** One context: the view that it gives of a question. */
export interface NamedView {
  readonly name: string;
  readonly view: (question: Question) => ViewRequest;
}

/** The contexts of a configuration, and the questions that have what each of them shows. */
export interface Contexts {
  readonly questions: readonly Question[];
  readonly none: NamedView;
  readonly placebo: NamedView;
  /** Absent where the data have no reference rubrics, and where it is the configured context. */
  readonly reference?: NamedView;
  readonly configured: NamedView;
}

/** Questions in seeded order: the held-out ones, and after them those to train on. */
function drawQuestions({ train, test }: Session, { seed }: TrainConfig, wanted: number): readonly Question[] {
  const random = createRandom(hashWords(seed.data, 2));
  return [...random.shuffle(test), ...random.shuffle(train)].slice(0, wanted);
}

/** The value of a source, or of the next one where the data do not allow it (a placebo needs topics). */
function firstPossible(
  sources: readonly string[],
  take: (source: string) => ShownRubrics,
): ShownRubrics['of'] | undefined {
  for (const source of sources) {
    try {
      return take(source).of;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return undefined;
}

/** Throws InputError when the configured run has no reasoner with a teacher to measure. */
function requireTeacher({ algorithm, stages }: TrainConfig): void {
  const traits = algorithmNamed(algorithm);
  const reads = (each: AlgorithmTraits): boolean => readsSetting(each, 'teacher_context');
  if (!reads(traits))
    throw new InputError(
      `algorithm=${algorithm} has no teacher with a context to measure; use one of ${ALGORITHMS.filter(reads)
        .map(({ name }) => name)
        .join(', ')}.`,
    );
  if (traits.rubricStage && stages === 'rubric')
    throw new InputError('stages=rubric trains no reasoner, whose teacher is measured here; use stages=both.');
}

/** The contexts of a configuration for at most so many questions. Throws InputError when too few can be served. */
export function contextsOf(session: Session, config: TrainConfig, wanted: number): Contexts {
  requireTeacher(config);
  const { teacher_context: kind } = config.stage2;
  const drawn = drawQuestions(session, config, wanted);
  const source = sourceWithoutWriter(config);
  const take = (from: string) => takeRubrics(session, config, { questions: drawn, source: from });
  const { questions, view } = teacherOf(session, config, { questions: drawn });
  const reference = firstPossible(['reference'], take);
  const foreign = firstPossible(['placebo', 'random'], take);
  if (questions.length < 2)
    throw new InputError(
      `${questions.length} of ${drawn.length} questions have a rubric from ${source}; an interval needs at least 2.`,
    );
  // A context of the same kind with nothing of this question in it; where the configured one is empty, a rubric.
  const placeboKind: TeacherContext = kind === 'none' ? 'rubric' : kind;
  if (!foreign && placeboKind.includes('rubric'))
    throw new InputError(
      `${config.data} has no reference rubrics to make a placebo of; add a "rubric" to its questions.`,
    );
  const other = (question: Question) => questions[(questions.indexOf(question) + 1) % questions.length] as Question;
  const isReference = kind === 'rubric' && source === 'reference';
  return {
    questions,
    none: { name: 'none (what the student sees)', view: (question) => studentView(config, question) },
    placebo: {
      name: 'placebo (made for another question)',
      view: (question) =>
        teacherView(config, question, {
          context: placeboKind,
          rubric: foreign?.(question),
          answer: other(question).answer,
        }),
    },
    ...(reference &&
      !isReference && {
        reference: {
          name: 'reference rubric',
          view: (question) => teacherView(config, question, { context: 'rubric', rubric: reference(question) }),
        },
      }),
    configured: { name: configuredName(config), view },
  };
}

function configuredName(config: TrainConfig): string {
  const { teacher_context: kind } = config.stage2;
  return `configured: ${kind}${kind.includes('rubric') ? ` (${sourceWithoutWriter(config)})` : ''}`;
}

/** All contexts in the order of a table. */
export const listed = ({ none, placebo, reference, configured }: Contexts): NamedView[] => [
  none,
  placebo,
  ...(reference ? [reference] : []),
  configured,
];
