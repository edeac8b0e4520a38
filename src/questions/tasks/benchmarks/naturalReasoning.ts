/** NaturalReasoning (Yuan et al. 2025): questions from the web, four fifths of them with a reference answer, for training. */
import type { Benchmark } from './benchmark';
import { heldOut, UNSPLIT } from './heldOut';
import { readTables } from './table';

export const NATURAL_REASONING: Benchmark = {
  name: 'natural-reasoning',
  title: 'NaturalReasoning',
  kind: 'math',
  source: 'https://huggingface.co/datasets/facebook/natural_reasoning',
  licence: 'CC BY-NC 4.0',
  format: {
    columns: 'question, reference_answer (may be empty), responses [{response_model, response}]',
    note: 'the card of the set and a public reader; the files themselves were not seen',
  },
  hub: { repo: 'facebook/natural_reasoning', files: ['*.jsonl', '*.json', '*.parquet'] },
  read: async (path, note) => {
    const read = await readTables(
      {
        name: 'natural-reasoning',
        evaluated: 'test',
        question: (fields, { split }) => ({
          split: split ?? UNSPLIT,
          question: fields.text('question'),
          answer: fields.blankable('reference_answer'),
          // The responses are another model's, and nobody has checked them: they are no solutions to learn from.
        }),
      },
      path,
      note,
    );
    const without = read.filter(({ answer }) => answer === '').length;
    if (without > 0)
      note?.(
        `${without} of ${read.length} questions have no reference answer: they serve where none is read, and are refused elsewhere`,
      );
    return heldOut(read, note);
  },
};
