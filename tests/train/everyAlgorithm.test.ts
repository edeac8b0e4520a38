/** What holds for every algorithm, in whole stages on a tiny model. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/records/errors';
import { openRun, type Run } from '../../src/base/records/runReader';
import type { LanguageModel } from '../../src/engine/model/model';
import { reasoner } from '../../src/method/algorithms/rcsd';
import { decodingWeights } from '../../src/method/rollout/decodingWeights';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { difference, expectClose, largest } from '../parity/reference';
import { type Change, EVERY, type StageName, stage } from './algorithms';
import {
  atStep,
  checkpointOf,
  expectSameTensors,
  FULL,
  LORA,
  readFile,
  recordOf,
  runStage,
  type StageChanges,
  scienceRuns,
  stageSettings,
} from './stage';

const { path: folder, model, place } = scienceRuns();
/** The same weights with an end token in seven, so that completions differ in length. */
const brief = join(folder, 'brief');
beforeAll(() => {
  cpSync(model, brief, { recursive: true });
  const config = JSON.parse(readFileSync(join(brief, 'config.json'), 'utf8'));
  const ends = Array.from({ length: 50 }, (_, i) => 1 + 7 * i);
  writeFileSync(join(brief, 'config.json'), JSON.stringify({ ...config, eos_token_id: ends }));
});

const NAMES = Object.keys(EVERY) as StageName[];

/** A stage of five steps, unless the changes say otherwise. */
const stageOf = (name: StageName, changes: StageChanges['settings'] = {}): StageChanges => {
  const { settings, ...rest } = EVERY[name];
  return { ...rest, settings: { ...settings, steps: 5, ...changes } };
};

async function complete(to: ReturnType<typeof place>, changes: StageChanges): Promise<Run> {
  const { model: base, trained } = await runStage(to, changes);
  trained.dispose();
  base.dispose();
  return openRun(to.path);
}

const column = (run: Run, name: string): number[] => run.metrics().map((row) => row[name] as number);

/** Five steps as they were when this was written; what changes them changes every run of the algorithm. */
const PINNED: Readonly<Record<StageName, { loss: number[]; grad_norm: number[] }>> = {
  rcsd_sft: {
    loss: [0.0106771, 2.44699, 2.53545, 2.23654, 2.26834],
    grad_norm: [0.0622487, 0.84499, 0.679414, 0.602294, 0.519182],
  },
  'rcsd stage I': {
    loss: [0.134396, 0.110168, 0.0884939, 0.0699404, 0.0486369],
    grad_norm: [0.279521, 0.304768, 0.237239, 0.237548, 0.14046],
  },
  'rcsd stage II': {
    loss: [0.135347, 0.111327, 0.0787586, 0.0484622, 0.0548905],
    grad_norm: [0.338256, 0.31481, 0.25476, 0.17452, 0.126296],
  },
  sft: {
    loss: [5.94712, 5.94099, 5.49968, 5.22715, 4.97634],
    grad_norm: [1.49772, 1.3708, 1.05817, 0.900075, 0.943887],
  },
  opsd: {
    loss: [0.0434288, 0.03543, 0.0714845, 0.0359962, 0.0559606],
    grad_norm: [0.259752, 0.210799, 0.313246, 0.134879, 0.183061],
  },
  grpo: { loss: [0, 0, 0.000427708, 0.00305506, 0.00223152], grad_norm: [1.05668, 0, 1.19086, 0.0301777, 1.32729] },
  rlcsd: {
    loss: [0.187084, 0.00312071, -0.93047, 0.0340909, 1.50147],
    grad_norm: [1.62482, 1.49437, 5.49371, 1.59009, 6.60965],
  },
  filtered: { loss: [5.42299, 0, 5.72583, 5.73397, 5.93562], grad_norm: [2.87049, 0, 3.66611, 3.75794, 3.99384] },
  opd: {
    loss: [-0.797372, -0.0432653, -0.222673, 0.0521948, -0.637245],
    grad_norm: [0.585677, 0.73644, 0.8728, 0.440529, 0.766693],
  },
  sdpo: {
    loss: [0.00208962, 0, 0.00178791, 0.00283815, 0.00276843],
    grad_norm: [0.0165043, 0, 0.0302464, 0.0328597, 0.0134676],
  },
  gkd: {
    loss: [0.0053046, 0.00913772, 0.0162261, 0.010884, 0.00795354],
    grad_norm: [0.0292292, 0.0355102, 0.0688886, 0.0417166, 0.0267047],
  },
  cripo: {
    loss: [0.000678141, 0.00198607, 0.00290018, 0.00674021, 0.00708661],
    grad_norm: [1.05618, 0.0127208, 0.899569, 0.853201, 0.889665],
  },
  penalty: {
    loss: [0.25, 0.46875, 0.433333, 0.40625, 0.46875],
    grad_norm: [0.696335, 1.16485, 1.19809, 0.871446, 1.05988],
  },
  sdft: {
    loss: [0.0173115, 0.0133053, 0.0106789, 0.0137589, 0.0113002],
    grad_norm: [0.055587, 0.0569296, 0.0503459, 0.0478853, 0.0302223],
  },
  ssd: {
    loss: [5.54095, 5.71602, 5.85196, 5.88225, 5.87673],
    grad_norm: [1.97731, 2.25477, 2.21176, 2.00999, 2.06113],
  },
  majority: {
    loss: [5.42299, 5.7563, 5.67262, 5.70498, 5.72654],
    grad_norm: [2.87049, 1.88288, 2.82143, 1.9571, 1.95094],
  },
};

describe.each(NAMES)('%s', (name) => {
  let straight: Run;
  beforeAll(async () => {
    straight = await complete(place(`${name} straight`), stageOf(name));
  });

  it('takes the steps it took', () => {
    for (const part of ['loss', 'grad_norm'] as const)
      expectClose(column(straight, part), PINNED[name][part], {
        tolerance: 1e-3 * largest(PINNED[name][part]),
        where: part,
      });
  });

  it('interrupted and resumed equals the uninterrupted run bit for bit', async () => {
    const to = place(`${name} stopped`);
    const abort = new AbortController();
    const stopped = runStage(to, stageOf(name), {
      signal: abort.signal,
      onProgress: atStep(3, () => abort.abort()),
    });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    const resumed = await complete(to, stageOf(name));
    expect(recordOf(resumed.path)).toEqual(recordOf(straight.path));
    for (const file of ['model.safetensors', 'optimizer.safetensors'])
      expectSameTensors(readFile(checkpointOf(resumed.path, 5), file), readFile(checkpointOf(straight.path, 5), file));
    const weights = readFile(checkpointOf(straight.path, 5), 'model.safetensors');
    expect(weights).not.toEqual(readFile(model, 'model.safetensors'));
  });

  it('has one gradient for eight completions at a time and for eight times one', async () => {
    const { grpo } = EVERY[name].settings ?? {};
    const by = (microbatch_size: number) => {
      const groups = grpo && { grpo: { ...grpo, num_generations: 4 } };
      const changes = stageOf(name, { ...groups, steps: 1, batch_size: 8, microbatch_size });
      return complete(place(`${name} by ${microbatch_size}`, brief), changes);
    };
    const [whole, parts] = [await by(8), await by(1)];
    expect(new Set(whole.completions().map(({ completion_ids }) => completion_ids.length)).size).toBeGreaterThan(1);
    // After one update AdamW's first moment is the gradient, times one factor for all of it.
    const [expected, own] = [whole, parts].map(({ path }) => readFile(checkpointOf(path, 1), 'optimizer.safetensors'));
    const gradients = Object.entries(expected ?? {}).filter(([key]) => key.startsWith('m.'));
    const size = Math.max(...gradients.map(([, gradient]) => largest(gradient)));
    expect(size).toBeGreaterThan(0);
    for (const [key, gradient] of gradients)
      expectClose(own?.[key] ?? [], gradient, { tolerance: 1e-5 * size, where: key });
    for (const part of ['loss', 'grad_norm']) {
      const [a, b] = [column(parts, part), column(whole, part)];
      expectClose(a, b, { tolerance: 1e-5 * Math.max(1e-2, largest(b)), where: part });
    }
  });
});

describe('RCSD’s stage II towards a fixed teacher', () => {
  const first = (context: Change['teacher_context'], lora: StageChanges['lora'], divergence: Change['divergence']) =>
    complete(place(`${context} ${divergence} ${lora?.rank}`), {
      ...stage(reasoner, { teacher_context: context, teacher: 'fixed', divergence, steps: 1 }),
      lora,
    });

  it.each([
    ['all weights', FULL],
    ['an adapter', LORA],
  ] as const)('that sees no more than the student starts at zero: %s', async (_, lora) => {
    for (const divergence of ['forward_kl', 'reverse_kl', 'jsd'] as const) {
      const [same, more] = [await first('none', lora, divergence), await first('rubric', lora, divergence)];
      for (const part of ['loss', 'divergence/true', 'grad_norm']) {
        expect(Math.abs(column(same, part)[0] ?? 1), `${divergence} ${part}`).toBeLessThan(1e-6);
        expect(column(more, part)[0], `${divergence} ${part}`).toBeGreaterThan(1e-4);
      }
    }
  });
});

describe('an adapter that was trained', () => {
  it.each([
    ['divergence', 'rcsd stage II'],
    ['policy_gradient', 'grpo'],
    ['cross_entropy', 'sft'],
    ['sampled_token', 'opd'],
    ['mixture', 'cripo'],
  ] as const)('by the loss %s scores alike merged into the base and laid over it', async (kind, name) => {
    const changes = { ...stageOf(name), lora: LORA };
    const { model: base, trained } = await runStage(place(`${name} adapter`), changes);
    const { tokenizer, weights, config } = trained;
    expect(changes.algorithm?.(stageSettings(changes.settings)).loss.kind).toBe(kind);
    const sequences = openRun(place(`${name} adapter`).path)
      .completions()
      .map(({ prompt, completion_ids }) => ({
        promptTokens: tokenizer?.encode(prompt) ?? [],
        completionTokens: completion_ids,
      }));
    const scores = async (policy: LanguageModel) =>
      (await scoreCompletions(policy, sequences)).flatMap(({ logprobs }) => [...logprobs]);
    const merged = decodingWeights(config, weights);
    const [over, inside] = [await scores(trained), await scores({ ...trained, weights: merged.weights })];
    expect(merged.weights.adapter).toBeUndefined();
    expect(difference(over, await scores(base))).toBeGreaterThan(0.05);
    expectClose(inside, over, { tolerance: 1e-4, where: 'merged' });
    merged.dispose();
    for (const opened of [trained, base]) opened.dispose();
  });
});
