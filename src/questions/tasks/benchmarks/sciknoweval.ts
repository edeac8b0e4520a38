/** SciKnowEval (Feng et al. 2024): multiple-choice, yes-or-no and open tasks of five levels in four sciences. */
import { isObject } from '../../../base/records/values';
import type { Benchmark } from './benchmark';
import { type Fields, metadata } from './fields';
import { keyedAnswer, labelledChoices } from './school';
import { type Draft, readTables } from './table';

const name = 'sciknoweval';

/** The part of the question that depends on its type. */
function asked(fields: Fields, type: string): Pick<Draft, 'question' | 'choices' | 'answer'> | string {
  const question = fields.text('question');
  if (type.startsWith('mcq')) {
    const choices = fields.value('choices');
    const counts = isObject(choices)
      ? [choices.text, choices.label].map((list) => (Array.isArray(list) ? list.length : 0))
      : [];
    if (counts[0] !== counts[1])
      return 'its choices were cut wrongly when the set was made: more or fewer than their labels';
    const { labels, texts } = labelledChoices(fields, choices);
    return { question, choices: texts, answer: keyedAnswer(fields, labels) };
  }
  // For these types, only the prompt says what to do.
  const prompt = fields.value('prompt');
  const instruction = isObject(prompt) && typeof prompt.default === 'string' ? `${prompt.default.trim()}\n\n` : '';
  const answer = fields.text('answer');
  if (type !== 'true_or_false') return { question: `${instruction}${question}`, answer };
  if (!/^(?:yes|no)$/i.test(answer)) throw fields.wrong(`"answer" is "${answer}", but the type needs Yes or No.`);
  return { question: `${instruction}${question}`, choices: ['Yes', 'No'], answer: /^yes$/i.test(answer) ? 'A' : 'B' };
}

/** All types in one data set; `metadata.type`, `level` and `subject` tell them apart. */
export const SCIKNOWEVAL: Benchmark = {
  name,
  title: 'SciKnowEval',
  kind: 'multiple-choice',
  source: 'raw_data of github.com/HICAI-ZJU/SciKnowEval, or https://huggingface.co/datasets/hicai-zju/SciKnowEval',
  licence: 'see the authors’ repository, which has no licence file',
  format: {
    columns:
      'question, choices {text, label}, answerKey, answer, type, domain, details {level, task, subtask, source}, prompt',
    note: 'all 28,392 rows of the authors’ repository read; 20 of them have choices that do not fit their labels and are left out',
  },
  hub: { repo: 'hicai-zju/SciKnowEval', files: ['*.jsonl', '*.json', '*.parquet'] },
  read: (path, note) =>
    readTables(
      {
        name,
        evaluated: 'test',
        question: (fields, { file, index }) => {
          const type = fields.text('type');
          const draft = asked(fields, type);
          if (typeof draft === 'string') return draft;
          const details = fields.value('details');
          const detail = (key: string) =>
            isObject(details) && typeof details[key] === 'string' ? details[key] : undefined;
          return {
            ...draft,
            id: `${file.replace(/\.\w+$/, '')}-${String(index + 1).padStart(5, '0')}`,
            split: 'test',
            metadata: metadata({
              kind: draft.choices ? undefined : 'open',
              type,
              subject: fields.optional('domain'),
              level: detail('level'),
              task: detail('task'),
              subtask: detail('subtask'),
              source: detail('source'),
            }),
          };
        },
      },
      path,
      note,
    ),
};
