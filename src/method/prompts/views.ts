/**
 * Prompts for models with a chat template: one user turn, ended where the reply begins. This is the only place where
 * privileged text (reference answer, rubric, example of a response) enters a prompt. A request without privileged text
 * gives the student's prompt.
 */

import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';
import type { Escapes } from '../../engine/files/escape';
import type { Tokenizer } from '../../engine/files/tokenizer';
import { letterAt, placeOf } from '../../questions/grading/letters';
import type { ReasonFirst, Revision, UnrelatedExample, ViewRequest, Views } from '../../questions/tasks/views';
import { formatRubric } from '../rubrics/format';
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
  tokenizer: Pick<Tokenizer, 'renderChat' | 'escapes'>,
  templates: Templates = defaultTemplates(),
): ChatViews {
  const wording: Wording = { templates, escapes: tokenizer.escapes };
  const turn = (content: string, thinking: boolean | undefined): string =>
    tokenizer.renderChat([{ role: 'user', content }], { addGenerationPrompt: true, enableThinking: thinking });
  return {
    render: (request) =>
      turn(
        request.purpose === 'rubric' ? rubricTurn(request, wording) : answerTurn(request, wording),
        request.thinking,
      ),
    reasonFirst: {
      analysis: (request) => turn(analysisTurn(request, wording), request.thinking),
      transition: (request) =>
        fillTemplate(templates.transition, {
          guidance: guidance(request, templates),
          instruction: instruction(request.question, templates),
        }),
    },
  };
}

/** The texts around the data, and how data are respelled for the model. */
interface Wording {
  readonly templates: Templates;
  readonly escapes: Escapes;
}

function answerTurn(request: ViewRequest, wording: Wording): string {
  const { templates, escapes } = wording;
  const values = {
    question: questionText(request.question, escapes),
    instruction: instruction(request.question, templates),
  };
  const privileged = privilegedText(request, wording);
  if (privileged === '') return fillTemplate(templates.student, values);
  return fillTemplate(templates.teacher, { ...values, privileged, guidance: guidance(request, templates) });
}

function rubricTurn({ question, answer, rubric, antiMention }: ViewRequest, wording: Wording): string {
  const { templates, escapes } = wording;
  if (antiMention)
    throw new InputError('anti_mention has no effect where a rubric is written; set it for the reasoner only.');
  const writer = fillTemplate(templates.rubric_writer, {
    question: questionText(question, escapes),
    answer: answer === undefined ? '' : `\n${answerSection(question, answer, wording)}\n`,
  });
  return rubric
    ? writer.trimEnd() + fillTemplate(templates.rubric_target, { rubric: rubricText(rubric, escapes) })
    : writer.trimEnd();
}

function analysisTurn(request: ViewRequest, wording: Wording): string {
  const { templates, escapes } = wording;
  const privileged = privilegedText(request, wording);
  if (privileged === '' || request.purpose === 'rubric')
    throw new InputError(
      "reason_first needs something to analyse that only the reasoner's teacher sees; give it a teacher_context.",
    );
  return fillTemplate(templates.analysis, { question: questionText(request.question, escapes), privileged });
}

function privilegedText(
  { question, answer, rubric, demonstration, unrelated, revision }: ViewRequest,
  wording: Wording,
): string {
  const { templates, escapes } = wording;
  const sections: string[] = [];
  if (answer !== undefined) sections.push(answerSection(question, answer, wording));
  if (rubric) sections.push(fillTemplate(templates.reference_rubric, { rubric: rubricText(rubric, escapes) }));
  if (demonstration !== undefined)
    sections.push(fillTemplate(templates.demonstration, { demonstration: escapes.text(demonstration) }));
  if (unrelated) sections.push(unrelatedSection(unrelated, wording));
  if (revision) sections.push(revisionSection(revision, wording));
  return sections.join('\n\n');
}

function answerSection(question: Question, answer: string, { templates, escapes }: Wording): string {
  return fillTemplate(templates.reference_answer, { answer: answerText(question, answer, escapes) });
}

function unrelatedSection({ question, solution }: UnrelatedExample, { templates, escapes }: Wording): string {
  return fillTemplate(templates.unrelated, {
    other: questionText(question, escapes),
    solution: escapes.text(solution),
  });
}

function revisionSection({ towards, criteria, response }: Revision, { templates, escapes }: Wording): string {
  const shown = response === undefined ? '' : fillTemplate(templates.revised, { response: escapes.text(response) });
  const request = towards === 'meet' ? templates.revision_meet : templates.revision_avoid;
  return `${shown}${fillTemplate(request, { criteria: escapes.json(formatRubric(criteria)) })}`;
}

function guidance({ antiMention }: ViewRequest, templates: Templates): string {
  return antiMention ? templates.private_guidance : templates.guidance;
}

function instruction({ choices }: Question, templates: Templates): string {
  return choices ? templates.instruction_choice : templates.instruction;
}

/** The question with its choices, one to a line after its letter. */
export function questionText({ question, choices }: Question, escapes: Escapes): string {
  const lines = (choices ?? []).map((choice, i) => `(${letterAt(i)}) ${choice}`);
  return escapes.text([question, ...lines].join('\n'));
}

/** A reference answer as a teacher reads it; a choice gets both letter and text. */
function answerText({ choices }: Question, answer: string, escapes: Escapes): string {
  const choice = choices?.[placeOf(answer)];
  return escapes.text(choice === undefined ? answer : `(${answer}) ${choice}`);
}

function rubricText(rubric: Rubric, escapes: Escapes): string {
  return escapes.json(formatRubric(rubric.criteria));
}
