/** From an algorithm's record to the two views of a completion: who sees what, and what is left out of the loss. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StageSettings } from '../../src/base/config/configs';
import { type Tokenizer, tokenizerFromJson } from '../../src/engine/files/tokenizer';
import type { LanguageModel } from '../../src/engine/model/model';
import type { Algorithm, Example } from '../../src/method/algorithms/algorithm';
import { grpo } from '../../src/method/algorithms/grpo';
import { opsd } from '../../src/method/algorithms/opsd';
import { reasoner, rubricGenerator } from '../../src/method/algorithms/rcsd';
import { sdft } from '../../src/method/algorithms/sdft';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { sft } from '../../src/method/algorithms/sft';
import { ssd } from '../../src/method/algorithms/ssd';
import { chatViews } from '../../src/method/prompts/views';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { batchExamples, collectCompletions } from '../../src/method/train/rollouts';
import { openFixture } from '../model/tiny';

const WORDS = [
  '<end>',
  '</think>',
  'plan',
  'first',
  'then',
  'answer',
  ...Array.from({ length: 91 }, (_, i) => `w${i}`),
];

/** One token a word; unknown words, of which the prompts are full, are all the same. */
const tokenizer: Tokenizer = tokenizerFromJson(
  {
    version: '1.0',
    added_tokens: [],
    pre_tokenizer: { type: 'WhitespaceSplit' },
    model: { type: 'WordLevel', vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])), unk_token: 'w90' },
  },
  { chat_template: '{% for m in messages %}{{ m.content }} {% endfor %}{% if enable_thinking %}w1 {% endif %}w2' },
);

let fixture: LanguageModel;
let model: LanguageModel;
beforeAll(async () => {
  fixture = await openFixture('llama-tied', { eosTokenIds: [0], maxPositions: 4096 });
  model = { ...fixture, tokenizer };
});
afterAll(() => fixture.dispose());

const config = (...overrides: string[]) => resolveTrainConfig({ overrides: ['profile=paper', ...overrides] });
const SECRET = 'forty-two';
const CRITERION = 'Names the law of gravitation.';

const example = (id: string, solution?: string): Example => ({
  question: { id, task: 't', split: 'train', question: `Why ${id}`, answer: SECRET, ...(solution && { solution }) },
  rubric: {
    questionId: id,
    source: 'generated',
    criteria: [{ id: '1', title: 'Law', description: CRITERION, weight: 5, importance: null, polarity: null }],
  },
});

async function collect(algorithm: Algorithm, settings: StageSettings, examples: readonly Example[]) {
  const run = {
    algorithm,
    settings: { ...settings, batch_size: examples.length, sampling: { ...settings.sampling, max_tokens: 6 } },
    examples,
    views: chatViews(tokenizer),
    seed: { data: 1, sampling: 2 },
  };
  return (await collectCompletions(run, batchExamples(run, 0), { current: model, teacher: model })).learned;
}

describe('privileged text reaches the teacher alone', () => {
  const seen = (text: string | undefined) => [text?.includes(SECRET), text?.includes(CRITERION)];

  it.each([
    ['rubric', [false, true]],
    ['answer', [true, false]],
    ['answer+rubric', [true, true]],
    ['none', [false, false]],
  ] as const)('with teacher_context=%s', async (teacher_context, expected) => {
    const settings = { ...config().stage2, teacher_context };
    for (const algorithm of [reasoner(settings), opsd(settings)]) {
      const [rollout] = await collect(algorithm, settings, [example('a')]);
      expect(seen(rollout?.studentText)).toEqual([false, false]);
      expect(seen(rollout?.teacherText)).toEqual(expected);
      expect(rollout?.studentPrompt).toEqual(tokenizer.encode(rollout?.studentText ?? ''));
      expect(rollout?.teacherPrompt).toEqual(tokenizer.encode(rollout?.teacherText ?? ''));
      expect(rollout?.promptTokens).toEqual(rollout?.studentPrompt);
    }
  });

  it.each([
    ['rubric', [false, true]],
    ['answer', [true, false]],
    ['answer+rubric', [true, true]],
  ] as const)('unless rollout_context=%s shows it while completions are drawn', async (rollout_context, expected) => {
    const untold = config('algorithm=grpo').stage2;
    const told = { ...untold, rollout_context };
    for (const make of [ssd, reasoner, (settings: StageSettings) => grpo(settings, [])]) {
      const examples = [example('a')];
      const [plain] = await collect({ ...make(untold), assess: undefined, groupSize: 1 }, untold, examples);
      const [rollout] = await collect({ ...make(told), assess: undefined, groupSize: 1 }, told, examples);
      expect(seen(rollout?.studentText)).toEqual([false, false]);
      expect(rollout?.studentPrompt).toEqual(plain?.studentPrompt);
      expect(plain?.promptTokens).toEqual(plain?.studentPrompt);
      const drawnBehind = tokenizer.decode(rollout?.promptTokens as number[]);
      expect(drawnBehind.length).toBeGreaterThan(rollout?.studentText.length ?? 0);
      const view = make(told).rolloutView?.(example('a'));
      expect(rollout?.promptTokens).toEqual(tokenizer.encode(chatViews(tokenizer).render(view as never)));
      expect([view?.answer === SECRET, view?.rubric !== undefined]).toEqual(expected);
    }
  });

  it('behind hints, where the teacher reads what was drawn', async () => {
    const settings = { ...config().stage2, teacher_context: 'none' as const };
    const hint = (answer: string) => ({ question: example('a').question, purpose: 'answer' as const, answer });
    const algorithm: Algorithm = { ...reasoner(settings), hintViews: () => [hint(SECRET), hint('w8 w9')] };
    const [rollout] = await collect(algorithm, settings, [example('a')]);
    const sequences = [SECRET, 'w8 w9'].map((answer) => ({
      promptTokens: tokenizer.encode(chatViews(tokenizer).render(hint(answer))),
      completionTokens: rollout?.completionTokens ?? [],
    }));
    const scores = await scoreCompletions(model, sequences, { temperature: settings.sampling.temperature });
    expect(rollout?.hinted).toEqual(scores.map(({ logprobs }) => logprobs));
    expect(rollout?.hinted?.[0]).not.toEqual(rollout?.hinted?.[1]);
  });

  it('as an example of a response', async () => {
    const settings = config('algorithm=sdft').stage2;
    const [rollout] = await collect(sdft(settings), settings, [example('a', 'w5 w6 w7')]);
    expect(rollout?.studentText).not.toContain('w5 w6 w7');
    expect(rollout?.teacherText).toContain('w5 w6 w7');
    expect(seen(rollout?.teacherText)).toEqual([false, false]);
  });

  it.each([
    [[], [false, false], [true, false]],
    [['rubric_teacher_sees=answer+rubric'], [false, false], [true, true]],
    [
      ['rubric_student_sees_answer=true', 'rubric_teacher_sees=rubric'],
      [true, false],
      [false, true],
    ],
  ])('when rubrics are written, with %j', async (overrides, student, teacher) => {
    const settings = config(...overrides);
    const [rollout] = await collect(rubricGenerator(settings), settings.stage1, [example('a')]);
    expect([seen(rollout?.studentText), seen(rollout?.teacherText)]).toEqual([student, teacher]);
  });

  it('between its request for an analysis and a transition where it reasons first', async () => {
    const settings = { ...config().stage2, reason_first: true, teacher_context: 'rubric' as const };
    const algorithm = reasoner(settings);
    const [rollout] = await collect(algorithm, settings, [example('a')]);
    const { reasonFirst } = chatViews(tokenizer);
    const view = algorithm.teacherView?.(example('a')) ?? algorithm.studentView(example('a'));
    const request = tokenizer.encode(reasonFirst?.analysis(view) ?? '');
    const transition = tokenizer.encode(reasonFirst?.transition(view) ?? '');
    const prompt = rollout?.teacherPrompt ?? [];
    expect(prompt.slice(0, request.length)).toEqual(request);
    expect(prompt.slice(-transition.length)).toEqual(transition);
    const analysis = prompt.slice(request.length, -transition.length);
    // It ended before its six tokens were used up; the end token is left out of the prompt.
    expect(analysis).toHaveLength(3);
    expect(prompt).not.toContain(0);
    expect(analysis).not.toEqual(rollout?.completionTokens);
    const short = await collect(algorithm, { ...settings, reason_sampling: { max_tokens: 2 } }, [example('a')]);
    expect(short[0]?.teacherPrompt).toEqual([...request, ...analysis.slice(0, 2), ...transition]);
    expect(short[0]?.completionTokens).toEqual(rollout?.completionTokens);
    const [plain] = await collect(algorithm, { ...settings, reason_first: false }, [example('a')]);
    expect(rollout?.completionTokens).toEqual(plain?.completionTokens);
  });

  it('thinks on each side as the settings say', async () => {
    const settings = { ...config().stage2, thinking: { student: true, teacher: false } };
    const [rollout] = await collect(reasoner(settings), settings, [example('a')]);
    expect([rollout?.studentText.includes('w1'), rollout?.teacherText?.includes('w1')]).toEqual([true, false]);
  });
});

describe('sft_source', () => {
  it('is the solution, or with answer the boxed answer alone, in the form that the task gives it', async () => {
    const texts = async (algorithm: Algorithm) => {
      const settings = config('algorithm=sft').stage2;
      return new Set((await collect(algorithm, settings, [example('a', 'plan then answer')])).map(({ text }) => text));
    };
    const terse = config('algorithm=sft', 'sft_source=answer').stage2;
    expect(await texts(sft(terse))).toEqual(new Set([`\\boxed{${example('a', '').question.answer}}`]));
    expect(await texts(sft(terse, { boxed: ({ answer }) => `answer ${answer}` }))).toEqual(
      new Set([`answer ${example('a', '').question.answer}`]),
    );
    expect(await texts(sft(config('algorithm=sft').stage2))).toEqual(new Set(['plan then answer']));
  });
});

describe('mask_thinking', () => {
  const solutions = [
    example('closes', 'plan first </think> then answer'),
    example('closes at once', '</think> answer'),
    example('never closes', 'plan first then'),
  ];

  it('leaves the loss out up to the end of thinking, and a completion that never ends it altogether', async () => {
    const settings = { ...config('algorithm=sft').stage2, mask_thinking: true };
    const rollouts = await collect(sft(settings), settings, solutions);
    const masks = new Map(rollouts.map((rollout) => [rollout.questionId, rollout.mask]));
    expect(masks.get('closes')).toEqual([false, false, false, true, true, true]);
    expect(masks.get('closes at once')).toEqual([false, true, true]);
    expect([...masks.keys()].sort()).toEqual(['closes', 'closes at once']);
  });

  it('is off by default', async () => {
    const settings = config('algorithm=sft').stage2;
    const rollouts = await collect(sft(settings), settings, solutions);
    expect(rollouts.map(({ mask }) => mask)).toEqual([undefined, undefined, undefined]);
    expect(rollouts.map(({ completionTokens }) => completionTokens.at(-1))).toEqual([0, 0, 0]);
  });
});
