/** Answers of an evaluation scored by a judge, some at a time: what is judged is kept, and not judged again. */

import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import type { JudgeCase } from '../../method/prompts/judge';
import type { JudgeEvaluator } from '../../method/rewards/judges/evaluator';
import type { Judgement } from '../../method/rewards/judges/judgement';
import { dropThinking } from '../../questions/grading/thinking';
import type { Task } from '../../questions/tasks/task';
import type { Answer, QuestionResult } from '../../results/evaluation/evaluate';
import { type KeptRow, openRows } from '../../results/evaluation/record';
import { rubricParser } from '../session/shown';

/** Who judges, and how many answers before the next ones are begun. */
export interface AnswerJudge {
  readonly evaluate: JudgeEvaluator;
  readonly piece: number;
}

/** What judging took, without the replies from the cache. */
export interface JudgeUsage {
  readonly calls: number;
  /** Calls to which a server gave no usable reply. */
  readonly failed: number;
  readonly prompt: number;
  readonly completion: number;
}

/** Every answer with its score, and what that took. */
export interface Judged {
  readonly results: QuestionResult[];
  readonly usage: JudgeUsage;
}

/** What is judged: `answers[i]` are those to the i-th question. */
export interface Answered {
  readonly task: Task;
  readonly questions: readonly Question[];
  readonly answers: readonly (readonly SampledAnswer[])[];
}

/** An answer, and which of the samples of its question it is. */
interface SampledAnswer extends Answer {
  readonly sample: number;
}

/** One answer with its place. */
interface PlacedCase {
  readonly id: string;
  readonly sample: number;
  readonly judged: JudgeCase;
}

/** The judge's scores by each question's reference rubric and answer; thinking is left out. Empty answers count as unparsed. */
export async function judgeAnswers(
  judge: AnswerJudge,
  answered: Answered,
  { folder, ...options }: OperationOptions & { readonly folder?: string },
): Promise<Judged> {
  const { task, questions, answers } = answered;
  const log = openRows<KeptRow & Judgement>(folder, { task: task.name, kept: 'judgements' });
  const cases = casesOf(answered);
  // What a server failed to judge is asked again. (Rows of earlier versions do not count failures.)
  const isDone = ({ unscored, effort }: Judgement) => unscored === 0 || !effort.failed;
  const open = cases.filter(({ id, sample }) => !log.has(id, sample) || !isDone(log.row(id, sample)));
  const kept = cases.length - open.length;
  const tell = (judged: number) => options.onProgress?.({ stage: 'judge', done: kept + judged, total: cases.length });
  try {
    for (let start = 0; start < open.length; start += judge.piece) {
      const piece = open.slice(start, start + judge.piece);
      tell(start);
      const judgements = await judge.evaluate(
        piece.map(({ judged }) => judged),
        within(options, { before: kept + start, size: piece.length, total: cases.length }),
      );
      log.add(piece.map(({ id, sample }, i) => ({ id, sample, ...(judgements[i] as Judgement) })));
    }
    tell(open.length);
  } finally {
    log.close();
  }
  const rows = cases.map(({ id, sample }) => log.row(id, sample));
  const results = questions.map((question, i) => ({
    question,
    responses: (answers[i] ?? []).map(({ sample, ...answer }) => {
      const extracted = dropThinking(answer.text).trim() || null;
      return { ...answer, extracted, correct: false, score: log.row(question.id, sample).score };
    }),
  }));
  return { results, usage: usageOf(rows) };
}

function casesOf({ task, questions, answers }: Answered): PlacedCase[] {
  const parse = rubricParser(task);
  const rubricOf = ({ id, rubric }: Question) => {
    const parsed = rubric && parse(JSON.stringify(rubric), { id });
    return parsed?.valid ? { questionId: id, criteria: parsed.criteria, source: 'reference' } : undefined;
  };
  return questions.flatMap((question, i) => {
    const rubric = rubricOf(question);
    const { answer: reference } = question;
    const common = { question, ...(reference !== '' && { reference }), ...(rubric && { rubric }) };
    return (answers[i] ?? []).map(({ text, sample }) => {
      return { id: question.id, sample, judged: { ...common, response: text } };
    });
  });
}

/** Progress of one piece as part of the whole. It is not done before the last round of questions to the judge, nor turned back by one. */
function within(
  { signal, onProgress }: OperationOptions,
  { before, size, total }: { readonly before: number; readonly size: number; readonly total: number },
): OperationOptions {
  let most = 0;
  return {
    signal,
    onProgress: ({ done, total: asked, detail }) => {
      const reached = Math.min(size - 1, Math.floor((size * done) / asked));
      if (reached <= most && detail === undefined) return;
      most = Math.max(most, reached);
      onProgress?.({ stage: 'judge', done: before + most, total, detail });
    },
  };
}

function usageOf(rows: readonly Judgement[]): JudgeUsage {
  const sum = (field: 'calls' | 'failed' | 'promptTokens' | 'completionTokens') =>
    rows.reduce((total, { effort }) => total + (effort[field] ?? 0), 0);
  return {
    calls: sum('calls'),
    failed: sum('failed'),
    prompt: sum('promptTokens'),
    completion: sum('completionTokens'),
  };
}
