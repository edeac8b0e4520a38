/**
 * Prompts for models with a chat template: one user turn, ended where the reply begins. This is the only place where
 * privileged text (reference answer, rubric, example of a response) enters a prompt. A request without privileged text
 * gives the student's prompt.
 */

import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';
import type { Tokenizer } from '../../engine/files/tokenizer';
import { letterAt, placeOf } from '../../questions/grading/letters';
import type { ReasonFirst, Revision, UnrelatedExample, ViewRequest, Views } from '../../questions/tasks/views';
import { formatRubric } from '../rubrics/format';
import { escapeJson, escapeText } from './escape';
import { defaultTemplates, fillTemplate, type Templates } from './templates';

/** Views that can also ask for the analysis of `reason_first`. */
export interface ChatViews extends Views {
  readonly reasonFirst: ReasonFirst;
}

/**
 * The views of both stages through a tokenizer's chat template. Rendering throws `InputError` when the tokenizer has
 * none.
 */
export function chatViews(
  tokenizer: Pick<Tokenizer, 'renderChat'>,
  templates: Templates = defaultTemplates(),
): ChatViews {
  const turn = (content: string, thinking: boolean | undefined): string =>
    tokenizer.renderChat([{ role: 'user', content }], { addGenerationPrompt: true, enableThinking: thinking });
  return {
    render: (request) =>
      turn(
        request.purpose === 'rubric' ? rubricTurn(request, templates) : answerTurn(request, templates),
        request.thinking,
      ),
    reasonFirst: {
      analysis: (request) => turn(analysisTurn(request, templates), request.thinking),
      transition: (request) =>
        fillTemplate(templates.transition, {
          guidance: guidance(request, templates),
          instruction: instruction(request.question, templates),
        }),
    },
  };
}

function answerTurn(request: ViewRequest, templates: Templates): string {
  const values = { question: questionText(request.question), instruction: instruction(request.question, templates) };
  const privileged = privilegedText(request, templates);
  if (privileged === '') return fillTemplate(templates.student, values);
  return fillTemplate(templates.teacher, { ...values, privileged, guidance: guidance(request, templates) });
}

function rubricTurn({ question, answer, rubric, antiMention }: ViewRequest, templates: Templates): string {
  if (antiMention)
    throw new InputError('anti_mention has no effect where a rubric is written; set it for the reasoner only.');
  const writer = fillTemplate(templates.rubric_writer, {
    question: questionText(question),
    answer: answer === undefined ? '' : `\n${answerSection(question, answer, templates)}\n`,
  });
  return rubric
    ? writer.trimEnd() + fillTemplate(templates.rubric_target, { rubric: rubricText(rubric) })
    : writer.trimEnd();
}

function analysisTurn(request: ViewRequest, templates: Templates): string {
  const privileged = privilegedText(request, templates);
  if (privileged === '' || request.purpose === 'rubric')
    throw new InputError(
      "reason_first needs something to analyse that only the reasoner's teacher sees; give it a teacher_context.",
    );
  return fillTemplate(templates.analysis, { question: questionText(request.question), privileged });
}

function privilegedText(
  { question, answer, rubric, demonstration, unrelated, revision }: ViewRequest,
  templates: Templates,
): string {
  const sections: string[] = [];
  if (answer !== undefined) sections.push(answerSection(question, answer, templates));
  if (rubric) sections.push(fillTemplate(templates.reference_rubric, { rubric: rubricText(rubric) }));
  if (demonstration !== undefined)
    sections.push(fillTemplate(templates.demonstration, { demonstration: escapeText(demonstration) }));
  if (unrelated) sections.push(unrelatedSection(unrelated, templates));
  if (revision) sections.push(revisionSection(revision, templates));
  return sections.join('\n\n');
}

function answerSection(question: Question, answer: string, templates: Templates): string {
  return fillTemplate(templates.reference_answer, { answer: answerText(question, answer) });
}

function unrelatedSection({ question, solution }: UnrelatedExample, templates: Templates): string {
  return fillTemplate(templates.unrelated, { other: questionText(question), solution: escapeText(solution) });
}

function revisionSection({ towards, criteria, response }: Revision, templates: Templates): string {
  const shown = response === undefined ? '' : fillTemplate(templates.revised, { response: escapeText(response) });
  const request = towards === 'meet' ? templates.revision_meet : templates.revision_avoid;
  return `${shown}${fillTemplate(request, { criteria: escapeJson(formatRubric(criteria)) })}`;
}

function guidance({ antiMention }: ViewRequest, templates: Templates): string {
  return antiMention ? templates.private_guidance : templates.guidance;
}

function instruction({ choices }: Question, templates: Templates): string {
  return choices ? templates.instruction_choice : templates.instruction;
}

/** The question with its choices, one to a line after its letter. */
export function questionText({ question, choices }: Question): string {
  const lines = (choices ?? []).map((choice, i) => `(${letterAt(i)}) ${choice}`);
  return escapeText([question, ...lines].join('\n'));
}

/** A reference answer as a teacher reads it; a choice gets both letter and text. */
function answerText({ choices }: Question, answer: string): string {
  const choice = choices?.[placeOf(answer)];
  return escapeText(choice === undefined ? answer : `(${answer}) ${choice}`);
}

function rubricText(rubric: Rubric): string {
  return escapeJson(formatRubric(rubric.criteria));
}
