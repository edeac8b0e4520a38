/** `rcsd grade`: grades given responses row by row as one mode does, or compares the grades of all modes. */

import { InputError } from '../../base/records/errors';
import { printable } from '../../base/records/printable';
import type { Question } from '../../base/records/question';
import { letterAt } from '../../questions/grading/letters';
import { gradeIfKnown, MODES, modeNamed } from '../../questions/grading/modes';
import { kindOfTask, TASK_NAMES } from '../../questions/grading/modes/kinds';
import { MODE_NAMES } from '../../questions/grading/modes/mode';
import { type Graded, gradingReport } from '../../results/evaluation/modes';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { carriedFields, type InputRow, JSONL_OPTIONS, readRows, textField, writeRows } from './shared/jsonl';
import { at } from './shared/modelRows';
import { print } from './shared/print';
import { textTable } from './shared/textTable';

const KNOWN = ['task', 'response', 'answer', 'choices', 'unit'];
/** How many choices each task has, for rows that do not give them; their letters then stand for the choices. */
const LETTERS: Readonly<Record<string, number>> = { piqa: 2, pubmedqa: 3, 'mmlu-pro': 10, supergpqa: 10 };

/** The question of a row. Throws InputError naming the wrong field. */
function questionOf(row: InputRow): Question {
  const { fields, where } = row;
  const task = textField(row, 'task');
  const kind = kindOfTask(task);
  if (kind === undefined)
    throw new InputError(`${where}: there is no task "${task}"; use one of ${TASK_NAMES.join(', ')}.`);
  const answer = typeof fields.answer === 'number' ? String(fields.answer) : textField(row, 'answer');
  const unit = fields.unit === undefined || fields.unit === null ? '' : textField(row, 'unit');
  const question = { id: String(fields.id), task, split: 'test', question: '', answer, metadata: { kind, unit } };
  if (kind !== 'multiple-choice') return question;
  const choices = choicesOf(row, task);
  const letter = /^\s*\(?([A-Z])\)?\s*$/i.exec(answer)?.[1]?.toUpperCase() ?? '';
  if (letter !== '' && letter <= letterAt(choices.length - 1)) return { ...question, choices, answer: letter };
  throw new InputError(
    `${where}: the answer "${answer}" is not one of the letters A to ${letterAt(choices.length - 1)}; give the letter of a choice.`,
  );
}

function choicesOf({ fields, where }: InputRow, task: string): string[] {
  const { choices } = fields;
  if (choices === undefined || choices === null)
    return Array.from({ length: LETTERS[task] ?? 4 }, (_, i) => letterAt(i));
  if (
    Array.isArray(choices) &&
    choices.length > 1 &&
    choices.length <= 26 &&
    choices.every((c) => typeof c === 'string')
  )
    return choices;
  throw new InputError(`${where}: the field "choices" must be a list of 2 to 26 texts.`);
}

/** Grades one row under every mode; null under a mode that does not know its task. */
function gradeByAll(row: InputRow, question: Question): Graded {
  const grades = MODES.map(
    (mode) => [mode.name, at(row.where, () => gradeIfKnown(mode, question, textField(row, 'response')))] as const,
  );
  return { id: row.fields.id, grades: Object.fromEntries(grades) };
}

/** The report as text: each mode, each pair of modes, and the rows on which modes disagree. */
function reportText(graded: readonly Graded[]): string {
  const { modes, pairs, disputed } = gradingReport(graded);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const table = textTable(
    ['mode', 'graded', 'correct', '95 % interval (Wilson)', 'nothing found'],
    modes.map(({ mode, n, accuracy, low, high, unparsed }) =>
      n === 0
        ? [mode, '0', '–', '–', '–']
        : [mode, String(n), percent(accuracy), `${percent(low)} to ${percent(high)}`, String(unparsed)],
    ),
  );
  const differ = textTable(
    ['disagree on correctness', 'of', 'rows'],
    pairs.map(({ a, b, n, differ: count }) => [`${a}, ${b}`, String(n), String(count)]),
  );
  const ids = disputed.length === 0 ? 'none' : disputed.map((id) => printable(String(id), 60)).join(', ');
  const how = 'how the responses were decoded is not recorded in them';
  return `${table}\n${how}\n\n${differ}\n\nrows on which modes disagree (${disputed.length} of ${graded.length}): ${ids}\n`;
}

export const command: Command = {
  options: [
    { name: 'mode', value: 'MODE', help: `${MODE_NAMES.join(', ')} (default: corrected), or all for a comparison` },
    ...JSONL_OPTIONS,
  ],
  notes: `Reads {id, task, response, answer, choices?, unit?} and writes {id, extracted, correct}; other fields are copied.
task: a benchmark's name, or multiple-choice, numeric, math, open, or a kind of answer (integer, quantity, ...). choices: as they were shown. answer: the letter or the value.
If no answer is found in a response, extracted is null and correct is false; a mode that does not know a task is an error.
--mode all prints how all modes grade the same responses, and with --output writes every grade.`,
  examples: [
    'rcsd grade --mode open-science --input responses.jsonl --output graded.jsonl',
    'rcsd grade --mode all --input responses.jsonl',
  ],
  async run(args, { signal }) {
    const name = textOption(args, 'mode', 'corrected');
    const mode = name === 'all' ? undefined : modeNamed(name);
    const rows = await readRows(args, signal);
    const questions = rows.map(questionOf);
    if (!mode) {
      const graded = rows.map((row, i) => gradeByAll(row, questions[i] as Question));
      if (textOption(args, 'output', undefined) !== undefined)
        writeRows(
          args,
          rows.map((row, i) => ({ ...carriedFields(row, KNOWN), ...graded[i]?.grades })),
        );
      print(reportText(graded));
      return;
    }
    const grades = rows.map((row, i) => {
      const { extracted, correct } = at(row.where, () =>
        mode.grade(questions[i] as Question, textField(row, 'response')),
      );
      return { ...carriedFields(row, KNOWN), extracted, correct };
    });
    writeRows(args, grades);
  },
};
