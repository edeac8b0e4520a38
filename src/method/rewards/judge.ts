/** A judge's score as a reward. */
import type { JudgeEvaluator } from './judges/evaluator';
import type { Reward } from './reward';

/** Scores each completion by its rubric or its question's reference answer, whichever the judge's kind reads. */
export const judgeReward =
  (evaluate: JudgeEvaluator): Reward['score'] =>
  async (completions) => {
    const judgements = await evaluate(
      completions.map(({ question, rubric, text }) => ({
        question,
        response: text,
        ...(question.answer !== '' && { reference: question.answer }),
        ...(rubric && { rubric }),
      })),
    );
    return judgements.map(({ score }) => score);
  };
