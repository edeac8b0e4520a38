// What a package that depends on rcsd does, compiled by kernel-setup/consumer-test.mjs with the oldest TypeScript that the
// declarations promise to work with. It must need neither TensorFlow nor the addon.
import { InputError, type OperationOptions, parseRubric, type Rubric, trainConfig } from 'rcsd';

const text = '[{"title": "Law", "description": "Essential Criteria: names the law of cooling", "weight": 5}]';
const rubric: Rubric = parseRubric(text, { questionId: 'q1', source: 'generated' });
const [criterion] = rubric.criteria;
if (criterion?.weight !== 5 || criterion.importance !== 'essential') throw new Error('the rubric was misread');

const events: string[] = [];
const options: OperationOptions = { onProgress: ({ stage, done, total }) => events.push(`${stage} ${done}/${total}`) };
options.onProgress?.({ stage: 'check', done: 1, total: 1 });
if (events[0] !== 'check 1/1' || new InputError('x').exitCode !== 2)
  throw new Error('the package behaves unlike its types');

const { stage2 } = trainConfig({ algorithm: 'opsd', steps: 3, seed: { data: 7 } });
if (stage2.steps !== 3 || stage2.teacher_context !== 'answer') throw new Error('the settings were misread');

console.log(`rubric of ${rubric.criteria.length} criterion read`);
