/**
 * The grader of TIGER-AI-Lab/MMLU-Pro: "answer is (X)", or else the last "Answer: X" of the first line that has one, or
 * else the last letter that stands alone. The official script then guesses at random; here such a response counts as
 * incorrect and unparsed.
 */
import type { Question } from '../../../base/records/question';
import { requireChoices, requireKind } from './kinds';
import { choiceLines } from './lines';
import type { Mode } from './mode';
import { pythonPattern } from './python';

const name = 'mmlu-pro';
const ANSWER_IS = /answer is \(?([A-J])\)?/;
/** Uses a lookahead for the letter, because the matches that the original's greedy `.*` tries can overlap. */
const ANSWER_COLON = pythonPattern('[aA]nswer:(?=\\s*([A-J]))', 'g');
const ALONE = pythonPattern('\\b[A-J]\\b', 'g');

/** The letter that the three patterns find. */
export function mmluProLetter(response: string): string | undefined {
  return ANSWER_IS.exec(response)?.[1] ?? lastOfFirstLine(response) ?? [...response.matchAll(ALONE)].at(-1)?.[0];
}

function lastOfFirstLine(response: string): string | undefined {
  let found: string | undefined;
  let end = response.length;
  for (const match of response.matchAll(ANSWER_COLON)) {
    if (match.index > end) break;
    if (found === undefined) {
      const newline = response.indexOf('\n', match.index);
      if (newline >= 0) end = newline;
    }
    found = match[1];
  }
  return found;
}

/** MMLU-Pro's question without worked examples before it. */
export function mmluProQuestion({ question }: Question, choices: readonly string[]): string {
  return `Question:\n${question}\nOptions:\n${choiceLines(choices, '. ')}\nAnswer: Let's think step by step.`;
}

export const mmluPro: Mode = {
  name,
  arrange(question) {
    requireKind(name, question);
    return question;
  },
  prompt(question) {
    requireKind(name, question);
    const { metadata } = question;
    const subject = metadata?.category ?? metadata?.subject ?? question.task;
    return `The following are multiple choice questions (with answers) about ${subject}. Think step by step and then finish your answer with "the answer is (X)" where X is the correct letter choice.\n\n\n\n${mmluProQuestion(question, requireChoices(question))}`;
  },
  grade(question, response) {
    requireKind(name, question);
    const extracted = mmluProLetter(response) ?? null;
    return { extracted, correct: extracted === question.answer };
  },
};
