/** Builds what a judge reads: the case in fenced sections, and the question about it. */

import type { Question } from '../../base/records/question';
import type { Criterion, Rubric } from '../../base/records/rubric';
import { COMMON_ESCAPES, type Escapes } from '../../engine/files/escape';
import type { ChatMessage, Tokenizer } from '../../engine/files/tokenizer';
import { dropThinking } from '../../questions/grading/thinking';
import { withoutCategory } from '../rubrics/criteria';
import { formatRubric } from '../rubrics/format';
import { boundText, fenceFor } from './fence';
import type { JudgeTemplateName } from './judgeTemplates';
import { fillTemplate, type Templates } from './templates';
import { questionText } from './views';

/** A response to judge and what it is judged by. All of it is treated as data, whatever it says. */
export interface JudgeCase {
  readonly question: Question;
  readonly response: string;
  readonly rubric?: Rubric;
  readonly reference?: string;
  /** The second response of a pair. */
  readonly other?: string;
}

/** The templates, and how much of a response a judge sees. */
export interface JudgeView {
  readonly templates: Templates;
  /** A response with more characters than this loses its middle; a line marks the cut. */
  readonly maxResponse: number;
  /** Shows the judge the thinking too; otherwise it sees only the text after it. */
  readonly keepThinking: boolean;
  /** How data are respelled for the judge's tokens; without it, for a judge whose tokens are not known. */
  readonly escapes?: Escapes;
}

/** Default for the characters of a response that a judge sees, about 8000 tokens. */
export const MAX_RESPONSE = 32_000;

/** One question to a judge about a case. */
export interface JudgeTurn {
  readonly template: JudgeTemplateName;
  /** The instruction on how to reply. */
  readonly reply?: string;
  /** The criteria in question, where these are not the whole rubric. */
  readonly criteria?: readonly Criterion[];
  /** Shows the other response first. */
  readonly swapped?: boolean;
}

/** The part of a response that is judged, and how many characters were cut from it. */
export function judgedText(response: string, { maxResponse, keepThinking }: Omit<JudgeView, 'templates' | 'escapes'>) {
  return boundText(keepThinking ? response : dropThinking(response).trim(), maxResponse);
}

const shown = ({ description }: Criterion): string => withoutCategory(description) || description;

/** One criterion as plain text. Several as JSON with numbers, so that one description cannot be mistaken for two. */
function criteriaText(criteria: readonly Criterion[], escapes: Escapes): string {
  const [first] = criteria;
  if (first && criteria.length === 1) return escapes.text(shown(first));
  const items = criteria.map((criterion, i) => JSON.stringify({ criterion: i + 1, description: shown(criterion) }));
  return escapes.json(`[\n${items.join(',\n')}\n]`);
}

/**
 * The conversation for one question to a judge: a system turn with its role and the rule about fenced text, then the
 * case and the question.
 */
export function judgeMessages(judged: JudgeCase, turn: JudgeTurn, view: JudgeView): [ChatMessage, ChatMessage] {
  const { question, rubric, reference, response, other } = judged;
  const { escapes = COMMON_ESCAPES } = view;
  const [own, others] = [response, other ?? ''].map((text) => escapes.text(judgedText(text, view).text)) as [
    string,
    string,
  ];
  const [first, second] = turn.swapped ? [others, own] : [own, others];
  const sections = {
    question: questionText(question, escapes),
    rubric: rubric ? escapes.json(formatRubric(rubric.criteria)) : '',
    reference: escapes.text(reference ?? ''),
    criteria: criteriaText(turn.criteria ?? [], escapes),
  };
  const { nonce, wrap } = fenceFor([...Object.values(sections), own, others]);
  const byRubric = rubric ? wrap('RUBRIC', sections.rubric) : '';
  const byReference = reference === undefined ? '' : wrap('REFERENCE ANSWER', sections.reference);
  const { templates } = view;
  const content = fillTemplate(templates[turn.template], {
    question: wrap('QUESTION', sections.question),
    response: wrap('RESPONSE', own),
    first: wrap('FIRST RESPONSE', first),
    second: wrap('SECOND RESPONSE', second),
    rubric: byRubric,
    reference: byReference,
    basis: byRubric || byReference,
    criteria: wrap('CRITERIA', sections.criteria),
    criterion: wrap('CRITERION', sections.criteria),
    reply: turn.reply ?? '',
  });
  return [
    { role: 'system', content: fillTemplate(templates.judge_system, { nonce }) },
    { role: 'user', content },
  ];
}

/** The questions to a judge that is read by its probabilities, as prompts that end where its reply begins. */
export interface JudgePrompts {
  /** Asks for Yes or No. */
  criterion(judged: JudgeCase, criterion: Criterion): string;
  /** Asks for a number from 1 to 10, by the rubric or, without one, by the reference answer. */
  rating(judged: JudgeCase): string;
}

/**
 * Renders those prompts through a tokenizer's chat template, without thinking. Uses one user turn, because some
 * templates have no system turn.
 */
export function judgePrompts(
  tokenizer: Pick<Tokenizer, 'renderChat' | 'escapes'>,
  { maxResponse = MAX_RESPONSE, keepThinking = false, templates }: Partial<JudgeView> & Pick<JudgeView, 'templates'>,
): JudgePrompts {
  const prompt = (judged: JudgeCase, turn: JudgeTurn): string => {
    const [system, user] = judgeMessages(judged, turn, {
      templates,
      maxResponse,
      keepThinking,
      escapes: tokenizer.escapes,
    });
    const content = `${system.content}\n\n${user.content}`;
    return tokenizer.renderChat([{ role: 'user', content }], { addGenerationPrompt: true, enableThinking: false });
  };
  return {
    criterion: (judged, criterion) => prompt(judged, { template: 'judge_criterion', criteria: [criterion] }),
    rating: (judged) => prompt(judged, { template: judged.rubric ? 'judge_rating' : 'judge_rating_reference' }),
  };
}
