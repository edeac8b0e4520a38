/** Benchmarks whose answers are mathematical expressions: OlympiadBench, MATH-500 and AIME. */
import type { Json } from '../../../base/records/question';
import type { Benchmark } from './benchmark';
import { type Fields, metadata } from './fields';
import { readTables } from './table';

/**
 * OlympiadBench (He et al. 2024): the text-only problems with open answers. Proofs and problems with images are left
 * out.
 */
const OLYMPIADBENCH: Benchmark = {
  name: 'olympiadbench',
  title: 'OlympiadBench',
  kind: 'math',
  source:
    'linked from github.com/OpenBMB/OlympiadBench (data/OE_TO_*.json), or https://huggingface.co/datasets/Hothan/OlympiadBench',
  licence: 'Apache-2.0 on the hub; the authors’ repository is MIT',
  format: {
    columns:
      'id, subfield, context, question, solution [], final_answer [], is_multiple_answer, unit, answer_type, error',
    note: 'the 675 problems of lm-open-science-evaluation read without loss; the authors’ README has the same columns',
  },
  hub: {
    repo: 'Hothan/OlympiadBench',
    files: ['OlympiadBench/OE_TO_maths_en_COMP/*', 'OlympiadBench/OE_TO_physics_en_COMP/*'],
  },
  read: (path, note) =>
    readTables(
      {
        name: 'olympiadbench',
        evaluated: 'test',
        repeatedIds: true,
        passOver: (file) => {
          if (/(?:^|\/)TP_/.test(file)) return 'its problems ask for proofs';
          return /(?:^|\/|_)MM_/.test(file) ? 'its problems need images' : undefined;
        },
        question: (fields) => {
          const [question, context] = [fields.text('question'), fields.optional('context')];
          if (/<img_?\d*>/.test(question)) return 'its question needs an image';
          const answers = fields.texts('final_answer');
          return {
            id: fields.text('id'),
            split: 'test',
            question: context === undefined ? question : `${context}\n\n${question}`,
            answer: answers.join(', '),
            solution: fields.value('solution') === undefined ? undefined : fields.texts('solution').join('\n\n'),
            metadata: metadata({
              kind: 'math',
              subject: fields.optional('subfield'),
              difficulty: fields.optional('difficulty'),
              unit: fields.optional('unit'),
              answers,
              multiple_answers: fields.value('is_multiple_answer') === true,
              answer_type: fields.optional('answer_type'),
              error: fields.optional('error'),
            }),
          };
        },
      },
      path,
      note,
    ),
};

/** MATH-500 (Lightman et al. 2023, a selection of MATH). */
const MATH_500: Benchmark = {
  name: 'math-500',
  title: 'MATH-500',
  kind: 'math',
  source: 'https://huggingface.co/datasets/HuggingFaceH4/MATH-500 (test.jsonl)',
  licence: 'MIT (MATH)',
  size: 500,
  format: {
    columns: 'problem, solution, answer, subject, level, unique_id',
    note: 'the 500 problems of lm-open-science-evaluation read without loss',
  },
  hub: { repo: 'HuggingFaceH4/MATH-500', files: ['test.jsonl'] },
  read: (path, note) =>
    readTables(
      {
        name: 'math-500',
        evaluated: 'test',
        question: (fields) => ({
          id: fields.text('unique_id'),
          question: fields.text('problem'),
          answer: fields.text('answer'),
          solution: fields.optional('solution'),
          metadata: metadata({ kind: 'math', subject: fields.optional('subject'), level: levelOf(fields) }),
        }),
      },
      path,
      note,
    ),
};

/** `3`, or `Level 3` as MATH writes it. */
function levelOf(fields: Fields): Json | undefined {
  const digits = /\d+/.exec(fields.optional('level') ?? '')?.[0];
  return digits === undefined ? undefined : Number(digits);
}

function aime(year: '2024' | '2025', repo: string, size: number): Benchmark {
  const name = `aime-${year}`;
  return {
    name,
    title: `AIME ${year}`,
    kind: 'math',
    source: `https://huggingface.co/datasets/${repo}`,
    licence: 'problems © Mathematical Association of America; see the page of the set',
    size,
    format: {
      columns: 'ID, Problem, Solution, Answer; or id, problem, answer',
      note: 'column names of lm-evaluation-harness, which reads this copy; the files themselves were not seen',
    },
    hub: { repo, files: ['*.jsonl', '*.parquet'] },
    read: (path, note) =>
      readTables(
        {
          name,
          evaluated: 'test',
          question: (fields) => {
            const answer = fields.text('Answer', 'answer');
            if (!/^\d{1,3}$/.test(answer)) throw fields.wrong(`"answer" is "${answer}", but AIME asks for 0 to 999.`);
            return {
              id: fields.optional('ID', 'id'),
              split: 'test',
              question: fields.text('Problem', 'problem', 'Question', 'question'),
              answer,
              solution: fields.optional('Solution', 'solution'),
              metadata: metadata({ kind: 'math', subject: 'competition mathematics' }),
            };
          },
        },
        path,
        note,
      ),
  };
}

/** OlympiadBench, MATH-500 and AIME of two years. */
export const MATH_SETS: readonly Benchmark[] = [
  OLYMPIADBENCH,
  MATH_500,
  aime('2024', 'Maxwell-Jia/AIME_2024', 30),
  aime('2025', 'math-ai/aime25', 30),
];
