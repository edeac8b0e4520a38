/** `rcsd rubrics parse`: turns a model's raw text into rubrics, row by row. */
import { parseRubric } from '../../method/rubrics/parse';
import { choiceOption } from './shared/arguments';
import type { Command } from './shared/command';
import { carriedFields, type InputRow, JSONL_OPTIONS, readRows, textField, writeRows } from './shared/jsonl';

/** One output row: whether the text is valid, and its criteria. */
function parseRow(row: InputRow, parser: 'lab' | 'released'): object {
  const text = textField(row, 'text');
  const parsed = parseRubric(text, { questionId: String(row.fields.id), source: 'generated', parser });
  const { valid, reason, issues, criteria } = parsed;
  // `reason` is undefined for a valid rubric, and JSON leaves undefined fields out.
  return { ...carriedFields(row, ['text']), valid, reason, issues, criteria };
}

export const command: Command = {
  options: [
    ...JSONL_OPTIONS,
    { name: 'parser', value: 'NAME', help: "lab (default), or released: as the authors' code parses" },
  ],
  notes: 'Reads {id, text} and writes {id, valid, reason?, issues, criteria}; other fields are copied.',
  examples: [
    'rcsd rubrics parse --input raw.jsonl --output rubrics.jsonl',
    'rcsd rubrics parse --parser released < raw.jsonl',
  ],
  async run(args, { signal }) {
    const parser = choiceOption(args, 'parser', ['lab', 'released']);
    const rows = await readRows(args, signal);
    writeRows(
      args,
      rows.map((row) => parseRow(row, parser)),
    );
  },
};
