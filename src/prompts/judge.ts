/** What a judge is asked about an answer. The answer is a model's text: data, whatever it says. */
import type { Tokenizer } from '../files/tokenizer';
import { formatRubric } from '../rubrics/format';
import type { Criterion, Rubric } from '../rubrics/rubric';
import type { Question } from '../tasks/question';
import { escapeJson, escapeText } from './escape';
import { fillTemplate, type Templates } from './templates';
import { questionText } from './views';

/** An answer under judgement. */
export interface JudgedAnswer {
  readonly question: Question;
  readonly text: string;
}

/** The two requests, as prompts with the judge's turn opened. */
export interface JudgePrompts {
  /** Asks for Yes or No. */
  criterion(answer: JudgedAnswer, criterion: Criterion): string;
  /** Asks for a number from 1 to 10. */
  rating(answer: JudgedAnswer, rubric: Rubric): string;
}

/** The requests through a tokenizer's chat template, without thinking. */
export function judgePrompts(tokenizer: Pick<Tokenizer, 'renderChat'>, templates: Templates): JudgePrompts {
  const turn = (template: string, { question, text }: JudgedAnswer, more: Readonly<Record<string, string>>): string => {
    const content = fillTemplate(template, { question: questionText(question), response: escapeText(text), ...more });
    return tokenizer.renderChat([{ role: 'user', content }], { addGenerationPrompt: true, enableThinking: false });
  };
  return {
    criterion: (answer, { description }) =>
      turn(templates.judge_criterion, answer, { criterion: escapeText(description) }),
    rating: (answer, { criteria }) =>
      turn(templates.judge_rating, answer, { rubric: escapeJson(formatRubric(criteria)) }),
  };
}
