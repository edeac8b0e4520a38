import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nearestName } from '../../src/base/config/nearest';
import { InputError } from '../../src/base/records/errors';
import { SCHEMA_VERSION } from '../../src/base/records/rows';
import {
  describeConfig,
  profileDefaults,
  resolveTrainConfig,
  trainSettings,
} from '../../src/method/algorithms/settings';

function settingsFile(text: string, name = 'run.yaml'): string {
  const file = join(mkdtempSync(join(tmpdir(), 'rcsd-config-')), name);
  writeFileSync(file, text);
  return file;
}

const resolve = (...overrides: string[]) => resolveTrainConfig({ overrides });

describe('profiles', () => {
  for (const profile of ['paper', 'released', 'microscience'] as const) {
    for (const algorithm of ['rcsd', 'opsd', 'sft'] as const) {
      test(`${profile} with ${algorithm} passes its own checks`, () => {
        const config = resolve(`profile=${profile}`, `algorithm=${algorithm}`);
        expect({ ...config, name: 'run' }).toEqual(profileDefaults(profile, algorithm));
        expect(
          trainSettings.parse(JSON.parse(JSON.stringify(config)), { where: 'config.json', version: SCHEMA_VERSION }),
        ).toEqual(config);
      });
    }
  }

  test('is microscience for the embedded model, its data or nothing at all, otherwise the paper', () => {
    expect(resolve().profile).toBe('microscience');
    expect(resolve('data=microscience', 'model=some/folder').profile).toBe('microscience');
    expect(resolve('model=smollm2-135m').profile).toBe('paper');
    expect(resolve('model=smollm2-135m').name).toBe('rcsd-smollm2-135m');
  });

  test('hold the published numbers', () => {
    const { stage1, stage2, lora } = profileDefaults('paper', 'rcsd');
    expect([stage1.steps, stage2.steps, stage2.batch_size, stage2.sampling.temperature]).toEqual([1000, 100, 32, 1.2]);
    expect([stage1.sampling.max_tokens, stage2.sampling.max_tokens]).toEqual([2048, 4096]);
    expect([stage2.optimizer.learning_rate, lora.rank, lora.alpha]).toEqual([5e-6, 64, 128]);
    expect([stage2.teacher_context, stage2.clip, stage2.divergence]).toEqual(['rubric', 0, 'forward_kl']);
    const released = profileDefaults('released', 'rcsd').stage2;
    expect([released.teacher_context, released.top_k, released.clip, released.clip_mode]).toEqual([
      'answer+rubric',
      20,
      0.05,
      'entry',
    ]);
  });
});

describe('names', () => {
  test('a decoding ladder has 16 samples unless another number is given', () => {
    const samples = (...words: string[]) => resolve('evaluation.ladder=true', ...words).evaluation.samples;
    expect([samples(), samples('evaluation.samples=3'), resolve().evaluation.samples]).toEqual([16, 3, 2]);
  });

  test('without a stage reach both stages, with one only that', () => {
    const config = resolve('steps=7', 'stage2.learning_rate=0.01', 'temperature=0.9', 'top_k=4', 'sampling.top_k=6');
    expect([config.stage1.steps, config.stage2.steps]).toEqual([7, 7]);
    expect([config.stage1.optimizer.learning_rate, config.stage2.optimizer.learning_rate]).toEqual([3e-4, 0.01]);
    expect([config.stage1.sampling.temperature, config.stage2.sampling.temperature]).toEqual([0.9, 0.9]);
    expect(config.evaluation.temperature).toBe(1);
    expect([config.stage1.top_k, config.stage2.sampling.top_k]).toEqual([4, 6]);
  });

  test('of groups reach their members', () => {
    const config = resolve('seed=3', 'seed.data=5', 'rank=8', 'lora.targets=q_proj, v_proj');
    expect(config.seed).toEqual({ init: 3, data: 5, sampling: 3 });
    expect([config.lora.rank, config.lora.targets]).toEqual([8, ['q_proj', 'v_proj']]);
  });

  test("of stage I's context are one setting", () => {
    const config = resolve('rubric_teacher_sees=answer+rubric', 'teacher_context=answer+rubric');
    expect([config.rubric_teacher_sees, config.stage1.teacher_context]).toEqual(['answer+rubric', 'answer+rubric']);
    expect(resolve('model=m', 'teacher_context=answer+rubric').stage1.teacher_context).toBe('answer');
  });

  test('are suggested when mistyped', () => {
    expect(() => resolve('learing_rate=1')).toThrow('did you mean learning_rate?');
    expect(() => resolve('stage2.step=1')).toThrow('did you mean stage2.steps?');
    expect(nearestName('xylophone', ['steps'])).toBeUndefined();
  });
});

describe('sources', () => {
  test('come in order: profile, file, overrides', () => {
    const file = settingsFile(
      'model: smollm2-135m\nsteps: 9\nstage2:\n  steps: 8\n  optimizer.learning_rate: 1e-4\nseed: {data: 4}\n',
    );
    const config = resolveTrainConfig({ file, overrides: ['stage1.steps=6', 'batch_size=6'] });
    expect([config.profile, config.stage1.steps, config.stage2.steps]).toEqual(['paper', 6, 8]);
    expect([config.stage2.optimizer.learning_rate, config.seed.data, config.seed.init]).toEqual([1e-4, 4, 42]);
    expect(config.stage2.microbatch_size).toBe(3);
  });

  test('may be JSON', () => {
    const file = settingsFile('{"algorithm": "opsd", "stage2": {"steps": 2}, "name": 2024}', 'run.json');
    const config = resolveTrainConfig({ file });
    expect([config.algorithm, config.stage2.steps, config.name]).toEqual(['opsd', 2, '2024']);
  });

  test("may be a run's config.json, whose settings give the same run again", () => {
    for (const overrides of [
      ['algorithm=opsd', 'steps=2'],
      ['steps=3', 'clip=0.1', 'clip_mode=mask'],
    ]) {
      const settings = resolve(...overrides);
      const file = settingsFile(
        JSON.stringify({ schema_version: SCHEMA_VERSION, settings, threads: 2 }),
        'config.json',
      );
      expect(resolveTrainConfig({ file })).toEqual(settings);
      expect(resolveTrainConfig({ file, overrides: ['name=again'] }).name).toBe('again');
    }
  });

  test.each([
    ['steps: [1', /run\.yaml, line 1: not valid YAML/],
    ['steps: 1\nsteps: 2', /line 2: not valid YAML: Map keys must be unique/],
    ['- steps', /a configuration is a list of `name: value` lines/],
    ['stage2: {stepz: 1}', /run\.yaml: There is no setting stage2\.stepz; did you mean stage2\.steps\?/],
    ['steps: many', /run\.yaml: steps must be a whole number, 1 or more; it is "many"\./],
  ])('refuse %j', (text, message) => {
    expect(() => resolveTrainConfig({ file: settingsFile(text) })).toThrow(message);
  });
});

describe('combinations', () => {
  test.each([
    [['clip=0.05'], /clip=0\.05 does nothing with clip_mode=none/],
    [['clip_mode=entry'], /clip_mode=entry needs a threshold/],
    [['tail=true'], /set top_k above 0/],
    [['top_k=1'], /the loss is always 0/],
    [['divergence=jsd', 'beta=1'], /use divergence=reverse_kl/],
    [['stages=reasoner', 'teacher=live', 'teacher_context=none'], /compares the model with itself/],
    [
      ['stages=reasoner', 'teacher=snapshot', 'snapshot_every=1', 'teacher_context=none'],
      /compares the model with itself/,
    ],
    [['teacher_context=answer'], /shows nobody the rubrics/],
    [['algorithm=opsd', 'teacher_context=none'], /opsd teaches from the reference answer/],
    [['algorithm=opsd', 'stage1.steps=3'], /has one stage, stage2; stage1\.steps/],
    [['algorithm=sft', 'stages=both'], /has one stage/],
    [['algorithm=opd', 'temperature=0'], /temperature=0 always draws the same/],
    [['stage1.rollout_context=answer'], /stage1\.rollout_context=answer has no meaning/],
    [
      ['model=m', 'data=data/science-sample', 'rubric_source=dose:0.5'],
      /rubric_source=dose:0\.5 needs a task that knows/,
    ],
    [['rubric_source=dose:2'], /rubric_source must be one of .*, dose:SHARE; it is "dose:2"/],
    [['batch_size=4', 'microbatch_size=3'], /microbatch_size=3 does not divide batch_size=4/],
    [['steps=3', 'warmup_steps=3'], /takes up all 3 steps/],
    [['thinking=true'], /no meaning for data=microscience/],
    [['reason_first=true'], /reason_first=true has no meaning for data=microscience/],
    [['anti_mention=true'], /anti_mention=true has no meaning/],
    [['model=m', 'thinking=false', 'mask_thinking=true'], /drops every completion/],
    [['model=m', 'stages=reasoner', 'teacher_context=none', 'reason_first=true'], /analyses privileged text/],
    [
      ['stages=reasoner', 'teacher_context=answer', 'teacher_mixture=mean'],
      /teacher_mixture=mean mixes a teacher for each criterion of a rubric, and teacher_context=answer shows none/,
    ],
    [['stages=reasoner', 'teacher_context=none', 'teacher_mixture=ratio'], /teacher_context=none shows none/],
    [['algorithm=opsd', 'teacher_mixture=strongest'], /teacher_context=answer shows none/],
    [
      ['model=m', 'stages=reasoner', 'teacher_mixture=strongest', 'reason_first=true'],
      /reason_first=true has one teacher analyse the whole rubric/,
    ],
    [['model=m', 'profile=released', 'teacher_mixture=product'], /set reason_first=false or teacher_mixture=joint/],
    [['stage1.teacher_mixture=mean'], /stage I's teacher writes the whole rubric; set stage2\.teacher_mixture/],
    [['teacher_mixture=median'], /teacher_mixture must be one of joint, mean, product, ratio, strongest/],
    [['model=m', 'rubric_source=wrong'], /only data=microscience does/],
    [['rubric_source=file:nowhere.jsonl'], /there is no such file/],
    [['rubric_source=file:'], /rubric_source must be one of generated/],
    [['evaluation.temperature=0'], /gives the same answer 2 times/],
    [['evaluation.ladder=true', 'evaluation.temperature=0.7'], /leave out evaluation\.temperature=0\.7, or the ladder/],
    [['model=m', 'stage1.anti_mention=true'], /stage1\.anti_mention=true has no meaning/],
    [['name=a/b'], /must be one folder name/],
    [
      ['num_generations=2'],
      /num_generations is for algorithm=sft, grpo, sdpo, cripo, grpo_opsd, rlcsd, majority, rlsd, cort; algorithm=rcsd has no use for it/,
    ],
    [
      ['algorithm=sft', 'rewards=format'],
      /rewards is for algorithm=grpo, cripo, grpo_opsd, rlcsd, rlsd, cort; algorithm=sft/,
    ],
  ])('refuse %j', (overrides, message) => {
    expect(() => resolve(...overrides)).toThrow(message);
    expect(() => resolve(...overrides)).toThrow(InputError);
  });

  test.each([
    [['stages=reasoner', 'teacher_context=none']],
    [['rubric_source=reference']],
    [['teacher_mixture=strongest']],
    [['model=m', 'profile=released', 'teacher_mixture=product', 'reason_first=false', 'anti_mention=true']],
    [['clip=0.05', 'clip_mode=position', 'top_k=1', 'tail=true']],
    [['model=m', 'stages=reasoner', 'teacher=live', 'teacher_context=none', 'anti_mention=true']],
    [['algorithm=sft', 'temperature=0']],
    [['temperature=0']],
    [['rubric_source=dose:0.3', 'stage2.rollout_context=rubric', 'trace_every=5', 'stage2.leave_out=phrasing=3']],
    [['steps=2']],
    [['batch_size=1']],
    [['algorithm=opsd', 'steps=2']],
    [['algorithm=grpo', 'rewards=rubric,length', 'reward_weights=1,0.5', 'rubric_source=reference']],
    [['algorithm=grpo', 'loss_type=gspo', 'kl_coef=0.04', 'teacher=ema', 'num_iterations=2']],
    [['algorithm=grpo', 'model=m', 'rewards=rubric_implicit', 'thinking=false']],
  ])('accept %j', (overrides) => {
    expect(() => resolve(...overrides)).not.toThrow();
  });
});

describe('combinations of GRPO', () => {
  const grpo = (...overrides: string[]) => resolve('algorithm=grpo', ...overrides);

  test.each([
    [['num_generations=1'], /compares a completion with nothing/],
    [['rewards=judge'], /rewards=judge needs a model that judges/],
    [['judge_kind=paper'], /judge_kind is given, but rewards=answer asks no judge/],
    [['batch_size=6'], /must be a multiple of num_generations=4/],
    [['divergence=jsd'], /divergence is for algorithm=rcsd, opsd.*; algorithm=grpo has no use for it/],
    [['top_k=20'], /or set sampling\.top_k/],
    [['teacher_context=rubric'], /teacher_context is for algorithm=rcsd, opsd/],
    [['loss_aggregation=sum'], /contradicts loss_type=dapo, which is made with batch-token/],
    [['delta=1.1'], /lies within the clip range up to 1\.28/],
    [['loss_type=cispo', 'delta=4'], /clips none that way/],
    [['epsilon=1'], /never clips/],
    [['kl_bias_correction=true'], /set kl_coef above 0/],
    [['kl_bias_correction=true', 'kl_coef=1', 'loss_type=gspo'], /has one for a whole sequence/],
    [['kl_coef=0.1', 'teacher=live'], /compares the policy with itself/],
    [['rewards=answer,answer'], /names one twice/],
    [['rewards=beauty'], /rewards must be a comma-separated list out of answer/],
    [['reward_weights=1,2'], /has 2 numbers for 1 rewards/],
    [['rewards=file:nowhere.js'], /rewards=file:nowhere\.js: there is no such file/],
    [['rewards=rubric_implicit'], /for which microscience has no words/],
    [['rubric_source=reference'], /reads no rubric; add the reward rubric/],
    [['overlong_buffer=99'], /longer than max_tokens=80/],
    [['multi_objective_aggregation=normalize_then_sum', 'scale_rewards=none'], /scales by group and batch/],
    [['temperature=0'], /always draws the same/],
    [['model=m', 'thinking=false', 'mask_thinking=true'], /drops every completion/],
  ])('refuse %j', (overrides, message) => {
    expect(() => grpo(...overrides)).toThrow(message);
    expect(() => grpo(...overrides)).toThrow(InputError);
  });

  test('take aggregation and limits from the loss type unless they are given', () => {
    const brought = (...overrides: string[]) => {
      const { loss_aggregation, grpo: settings } = grpo(...overrides).stage2;
      return [loss_aggregation, settings.epsilon, settings.epsilon_high];
    };
    expect(brought()).toEqual(['batch-token', 0.2, 0.28]);
    expect(brought('loss_type=gspo')).toEqual(['sequence', 3e-4, 4e-4]);
    expect(brought('loss_type=gspo', 'epsilon=0.1')).toEqual(['sequence', 0.1, 4e-4]);
    const file = settingsFile(JSON.stringify({ schema_version: 1, settings: grpo('epsilon=0.1') }), 'config.json');
    expect(resolveTrainConfig({ file }).stage2.grpo.epsilon).toBe(0.1);
    expect(resolveTrainConfig({ file, overrides: ['loss_type=luspo'] }).stage2).toMatchObject({
      loss_aggregation: 'sequence-sum',
      grpo: { epsilon: 2e-3, epsilon_high: 2.5e-3 },
    });
  });
});

describe('the relatives', () => {
  test.each([
    [
      ['algorithm=opd', 'divergence=jsd'],
      /divergence is for algorithm=rcsd, opsd, sdpo, gkd, grpo_opsd, sdft.*; algorithm=opd/,
    ],
    [['algorithm=opd', 'teacher=live', 'teacher_context=none'], /compares the model with itself/],
    [['algorithm=gkd', 'distill_coef=1'], /distill_coef is for algorithm=cripo/],
    [['algorithm=gkd', 'gkd_lambda=2'], /gkd_lambda must be a number between 0 and 1/],
    [['algorithm=gkd', 'beta=1'], /makes the JSD 0 everywhere/],
    [['algorithm=sft', 'num_generations=2'], /sft_source=reference samples none/],
    [['algorithm=sft', 'sft_source=answer', 'num_generations=2'], /sft_source=answer samples none/],
    [
      ['algorithm=grpo', 'rewards=format', 'false_positive=0.1'],
      /errors of the reward answer, which rewards=format lacks/,
    ],
    [
      ['rubric_source=filler', 'data=data/science-sample'],
      /rubric_source=filler needs a task that knows the right and the wrong law/,
    ],
    [['algorithm=sft', 'sampler=teacher'], /sampler is about sampled completions/],
    [['algorithm=sft', 'sft_source=filtered', 'batch_size=6'], /must be a multiple of num_generations=4/],
    [['algorithm=sft', 'sft_source=filtered', 'temperature=0'], /always draws the same/],
    [['algorithm=majority', 'num_generations=1'], /without siblings, which algorithm=majority learns by/],
    [['algorithm=sdpo', 'model=m', 'num_generations=1'], /without siblings/],
    [
      ['algorithm=sdpo'],
      /algorithm=sdpo shows its teacher a whole response, for which microscience's views have no place/,
    ],
    [['algorithm=rlcsd'], /algorithm=rlcsd shows its teacher a whole response/],
    [
      ['algorithm=rlcsd', 'model=m', 'loss_type=gspo'],
      /loss_type is for algorithm=grpo, cripo, grpo_opsd, rlsd, cort; algorithm=rlcsd/,
    ],
    [['algorithm=rlcsd', 'model=m', 'num_generations=1'], /compares a completion with nothing/],
    [['algorithm=sdft'], /algorithm=sdft shows its teacher a whole response/],
    [['algorithm=sdft', 'model=m', 'teacher_context=answer'], /teacher_context is for/],
    [['algorithm=sdft', 'model=m', 'teacher_mixture=mean'], /teacher_mixture is for algorithm=rcsd, opsd, opd, gkd/],
    [['algorithm=grpo', 'rewards=rubric', 'teacher_mixture=mean'], /teacher_mixture is for/],
    [
      ['algorithm=grpo_opsd', 'teacher_context=rubric', 'distill_coef=0', 'teacher_mixture=mean'],
      /mixes teachers, and distill_coef=0 has none/,
    ],
    [['algorithm=grpo_opsd', 'kl_coef=0.1'], /grpo_opsd's one teacher has a view of its own/],
    [['algorithm=rlsd', 'kl_coef=0.1'], /rlsd's one teacher has a view of its own/],
    [['algorithm=grpo_opsd', 'batch_size=6'], /must be a multiple of num_generations=4/],
    [['algorithm=cripo'], /whole response, .*or cripo_shows_response=false, which shows the criteria alone/],
    [['algorithm=cripo', 'model=m', 'rewards=answer'], /rewards=answer is given, and cripo looks at single criteria/],
    [['algorithm=cripo', 'model=m', 'loss_type=gspo'], /cripo takes a mean over selected tokens of the batch/],
    [['algorithm=cripo', 'model=m', 'num_generations=1'], /compares a completion with nothing/],
    [['algorithm=iw_opd', 'delta=1.1'], /delta=1.1 lies within the clip range/],
    [['algorithm=iw_opd', 'teacher=live', 'teacher_context=none'], /compares the model with itself/],
    [['algorithm=op2sd'], /algorithm=op2sd shows its teacher a whole response.*rubric_source=placebo/],
    [['algorithm=opsa', 'loss_aggregation=sequence'], /opsa takes a mean over selected tokens of the batch/],
    [['algorithm=cort', 'teacher=fixed'], /cort reads a completion twice by the same/],
    [['algorithm=cort', 'cort_eta=2'], /cort_eta=2 lets weights fall to 0/],
    [['algorithm=penalty', 'rewards=answer'], /rewards is for algorithm=grpo, cripo, grpo_opsd, rlcsd/],
    [['algorithm=ssd', 'top_k=5'], /algorithm=ssd has no use for it, leave it out, or set sampling\.top_k/],
    [['algorithm=ssd', 'stages=both'], /has one stage/],
  ])('refuse %j', (overrides, message) => {
    expect(() => resolve(...overrides)).toThrow(message);
    expect(() => resolve(...overrides)).toThrow(InputError);
  });

  test.each([
    [['algorithm=sft', 'sft_source=filtered', 'sampler=teacher', 'num_generations=1']],
    [['algorithm=sft', 'divergence=jsd', 'teacher_context=rubric']],
    [['algorithm=grpo_opsd', 'loss_type=gspo', 'divergence=jsd', 'distill_coef=0']],
    [['algorithm=cripo', 'cripo_shows_response=false', 'rubric_source=reference', 'loss_type=cispo']],
    [['algorithm=cripo', 'model=m', 'profile=released']],
    [['algorithm=iw_opd', 'teacher_context=rubric', 'rubric_source=reference', 'num_iterations=2']],
    [['algorithm=op2sd', 'model=m', 'divergence=jsd']],
    [['algorithm=rlsd', 'loss_type=gspo', 'teacher_context=rubric', 'rubric_source=reference']],
    [['algorithm=cort', 'cort_criteria=untold', 'rubric_source=reference', 'rewards=answer']],
    [['algorithm=sdpo', 'model=m', 'top_k=20', 'tail=false']],
    [['algorithm=rlcsd', 'model=m', 'epsilon=0.1', 'num_iterations=2', 'rewards=answer,format']],
    [['algorithm=rlcsd', 'model=m', 'profile=released']],
    [['algorithm=opd', 'teacher_context=rubric', 'rubric_source=reference']],
    [['algorithm=opd', 'teacher_context=rubric', 'rubric_source=reference', 'teacher_mixture=product']],
    [['algorithm=grpo_opsd', 'teacher_context=answer+rubric', 'teacher_mixture=strongest']],
    [['algorithm=rcsd_sft', 'teacher_mixture=mean']],
  ])('accept %j', (overrides) => {
    expect(() => resolve(...overrides)).not.toThrow();
  });

  test('bring their published values', () => {
    expect(resolve('algorithm=gkd').stage2).toMatchObject({
      divergence: 'jsd',
      loss_temperature: 0.9,
      sampling: { temperature: 0.9, top_p: 0.95 },
      relatives: { gkd_lambda: 0.5 },
    });
    expect(resolve('algorithm=sdpo', 'profile=released', 'model=m').stage2).toMatchObject({
      ...{ teacher: 'ema', ema_decay: 0.95, top_k: 100, tail: true, clip: 0, clip_mode: 'none', reason_first: false },
      grpo: { num_generations: 8 },
    });
    expect(resolve('algorithm=cripo', 'profile=paper').stage2).toMatchObject({
      ...{ steps: 200, teacher: 'live', teacher_context: 'none', relatives: { distill_coef: 0.05 } },
      grpo: { rewards: ['rubric'], num_generations: 8 },
    });
    expect(resolve('algorithm=rlsd', 'profile=paper').stage2).toMatchObject({
      ...{ teacher: 'snapshot', snapshot_every: 20, teacher_context: 'answer', relatives: { rlsd_lambda: 0.5 } },
      grpo: { epsilon: 0.2, epsilon_high: 0.28 },
    });
    expect(resolve('algorithm=iw_opd', 'profile=paper').stage2).toMatchObject({
      ...{
        sampling: { temperature: 1 },
        relatives: { iw_gamma: 0.5 },
        grpo: { epsilon: 0.2, epsilon_high: 0.2, delta: 3 },
      },
    });
  });
});

test('every setting says what it takes, and refuses nonsense by name', () => {
  for (const { name, kind, allowed } of trainSettings.settings) {
    expect(allowed).not.toBe('');
    const nonsense = kind === 'text' ? '' : 'nonsense';

    expect(() => trainSettings.check(name, nonsense)).toThrow(`${name} must be ${allowed}; it is`);
  }
});

test('a configuration prints with what differs from its profile', () => {
  const lines = describeConfig(resolve('steps=7', 'algorithm=opsd')).split('\n');
  expect(lines.some((line) => /^stage2\.steps +=\s7 +\(microscience: 40\)$/.test(line))).toBe(true);
  expect(lines.some((line) => line.startsWith('stage1.'))).toBe(false);
});
