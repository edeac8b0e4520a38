/** Benchmarks with up to ten choices: MMLU-Pro and SuperGPQA. */
import { letterAt, placeOf } from '../../grading/letters';
import type { Benchmark } from './benchmark';
import { choiceOf, metadata } from './fields';
import { readTables } from './table';

/** MMLU-Pro (Wang et al. 2024). */
const MMLU_PRO: Benchmark = {
  name: 'mmlu-pro',
  title: 'MMLU-Pro',
  kind: 'multiple-choice',
  source: 'https://huggingface.co/datasets/TIGER-Lab/MMLU-Pro',
  licence: 'MIT',
  size: 12032,
  format: {
    columns: 'question_id, question, options, answer, answer_index, cot_content, category, src',
    note: 'column names of the authors’ evaluation code and of lm-evaluation-harness; the files themselves were not seen',
  },
  hub: { repo: 'TIGER-Lab/MMLU-Pro', files: ['data/*.parquet'] },
  read: (path, note) =>
    readTables(
      {
        name: 'mmlu-pro',
        evaluated: 'test',
        question: (fields) => {
          const options = fields.texts('options');
          // Early versions fill the list up to ten with N/A at the end.
          const choices = options.filter((option) => option !== 'N/A');
          if (options.slice(0, choices.length).includes('N/A'))
            throw fields.wrong('"options" has an N/A between others.');
          const answer = choiceOf(fields, choices, 'answer');
          const index = fields.optional('answer_index');
          if (index !== undefined && letterAt(Number(index)) !== answer)
            throw fields.wrong(`"answer" is ${answer}, but "answer_index" is ${index}; correct the row.`);
          return {
            id: fields.text('question_id'),
            question: fields.text('question'),
            choices,
            answer,
            solution: fields.optional('cot_content'),
            metadata: metadata({ subject: fields.optional('category'), source: fields.optional('src') }),
          };
        },
      },
      path,
      note,
    ),
};

/** SuperGPQA (Du et al. 2025): has the right option's text and its letter, which must agree. */
const SUPERGPQA: Benchmark = {
  name: 'supergpqa',
  title: 'SuperGPQA',
  kind: 'multiple-choice',
  source:
    'data/SuperGPQA-all.jsonl of github.com/SuperGPQA/SuperGPQA, or https://huggingface.co/datasets/m-a-p/SuperGPQA',
  licence: 'ODC-BY',
  size: 26529,
  format: {
    columns: 'uuid, question, options, answer, answer_letter, discipline, field, subfield, difficulty, is_calculation',
    note: 'three subject files of lm-open-science-evaluation read without loss',
  },
  hub: { repo: 'm-a-p/SuperGPQA', files: ['*.jsonl', '*.parquet'] },
  read: (path, note) =>
    readTables(
      {
        name: 'supergpqa',
        evaluated: 'test',
        question: (fields) => {
          const choices = fields.texts('options');
          const answer = choiceOf(fields, choices, 'answer_letter');
          const text = choices[placeOf(answer)];
          if (text !== fields.text('answer'))
            throw fields.wrong(`"answer" is not option ${answer}, which "answer_letter" names; correct the row.`);
          return {
            id: fields.text('uuid'),
            // The hub calls its only split "train".
            split: 'test',
            question: fields.text('question'),
            choices,
            answer,
            metadata: metadata({
              subject: fields.optional('field'),
              discipline: fields.optional('discipline'),
              subfield: fields.optional('subfield'),
              difficulty: fields.optional('difficulty'),
              is_calculation: fields.value('is_calculation') === true,
            }),
          };
        },
      },
      path,
      note,
    ),
};

export const MANY_CHOICES: readonly Benchmark[] = [MMLU_PRO, SUPERGPQA];
