/** `rcsd tokenize`: turns text into token ids and back. */

import { InputError } from '../../base/records/errors';
import { openCheckpoint } from '../../engine/files/huggingface';
import { resolveModelPath } from '../../engine/files/models';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { carriedFields, JSONL_OPTIONS, readRows, textField, writeRows } from './shared/jsonl';

export const command: Command = {
  options: [
    { name: 'model', value: 'MODEL', help: 'model name, folder or .gguf file (default: microscience)' },
    ...JSONL_OPTIONS,
  ],
  notes:
    'Reads {id, text} and writes {id, ids, decoded}; other fields are copied. Special tokens in the text are recognised\nand none is added; decoded contains them.',
  examples: ['rcsd tokenize --model smollm2-135m --input texts.jsonl'],
  async run(args, { signal }) {
    const model = textOption(args, 'model', 'microscience');
    const { tokenizer, weights } = await openCheckpoint(resolveModelPath(model));
    weights.close();
    if (!tokenizer) throw new InputError(`${model} has no tokenizer.json, so text cannot be turned into token ids.`);
    const rows = await readRows(args, signal);
    const output = rows.map((row) => {
      const ids = tokenizer.encode(textField(row, 'text'));
      return { ...carriedFields(row, ['text']), ids, decoded: tokenizer.decode(ids) };
    });
    writeRows(args, output);
  },
};
