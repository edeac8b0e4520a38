/** What is known of the questions of a run without its model: the reference answer, the rubric, and the task's rules. */
import type { Grade, Question } from '../../base/records/question';
import type { Criterion, Rubric } from '../../base/records/rubric';
import { createRandom } from '../../engine/tensors/random';
import { parseRubric } from '../../method/rubrics/parse';
import { type LoadedTask, loadTask } from '../../questions/load';
import type { MarkedCriterion } from './shapes';

/** The questions of one data set. */
export interface KnownQuestions {
  of(id: string): Question | undefined;
  /** Graded by the task's rule; undefined where the question is not known. */
  grade(id: string, text: string): Grade | undefined;
  /** The question's reference rubric, by the data or by the task's rule. */
  reference(id: string): Rubric | undefined;
  /** Criteria with what the task's rule says of a text; a rule that decides nothing leaves them unjudged. */
  mark(criteria: readonly Criterion[], text: string): MarkedCriterion[];
}

const NOTHING: KnownQuestions = {
  of: () => undefined,
  grade: () => undefined,
  reference: () => undefined,
  mark: (criteria) => criteria.map((criterion) => marked(criterion, undefined)),
};

/** The questions of a run by its settings, those of its stages among them. A data set that is not on this machine leaves its answers ungraded. */
export function questionReader(): (settings: Readonly<Record<string, unknown>>) => KnownQuestions {
  const opened = new Map<string, KnownQuestions>();
  const open = (data: string): KnownQuestions => {
    const known = opened.get(data) ?? tryOpen(data);
    opened.set(data, known);
    return known;
  };
  return (settings) => {
    const named = [settings, settings.stage1, settings.stage2].flatMap((own) => {
      const data = (own as { readonly data?: unknown } | undefined)?.data;
      return typeof data === 'string' ? [data] : [];
    });
    const [first = NOTHING, ...others] = [...new Set(named)].map(open);
    const knowing = (id: string): KnownQuestions => [first, ...others].find((own) => own.of(id)) ?? NOTHING;
    return {
      of: (id) => knowing(id).of(id),
      grade: (id, text) => knowing(id).grade(id, text),
      reference: (id) => knowing(id).reference(id),
      mark: first.mark,
    };
  };
}

function tryOpen(data: string): KnownQuestions {
  try {
    return knownOf(loadTask(data));
  } catch {
    return NOTHING;
  }
}

function knownOf({ task, train, test }: LoadedTask): KnownQuestions {
  const byId = new Map([...test, ...train].map((question) => [question.id, question]));
  return {
    of: (id) => byId.get(id),
    grade: (id, text) => {
      const question = byId.get(id);
      return question && question.answer !== '' ? task.grade(question, text) : undefined;
    },
    reference: (id) => {
      const question = byId.get(id);
      if (!question) return undefined;
      const source = { questionId: id, source: 'reference' };
      if (question.rubric)
        return { ...source, criteria: parseRubric(JSON.stringify(question.rubric), source).criteria };
      return task.rubric?.(question, 'reference', createRandom(0), train);
    },
    mark: (criteria, text) => criteria.map((criterion) => marked(criterion, task.meetsCriterion?.(criterion, text))),
  };
}

function marked({ id: _, ...criterion }: Criterion, met: boolean | undefined): MarkedCriterion {
  return { ...criterion, verdict: met === undefined ? 'not judged' : met ? 'met' : 'not met' };
}
