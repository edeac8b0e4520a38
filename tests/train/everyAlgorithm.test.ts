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
  const ends = Array.from({ length: 48 }, (_, i) => 1 + 7 * i);
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
  'rcsd stage I': {
    loss: [0.102335, 0.0702225, 0.0434704, 0.0599846, 0.0447269],
    grad_norm: [0.392395, 0.277597, 0.174071, 0.168151, 0.132444],
  },
  'rcsd stage II': {
    loss: [0.107259, 0.085962, 0.0568294, 0.0617114, 0.0354513],
    grad_norm: [0.375167, 0.370305, 0.235522, 0.1458, 0.0748087],
  },
  'rcsd mean': {
    loss: [0.0698066, 0.0487202, 0.0389473, 0.0461879, 0.0501846],
    grad_norm: [0.427442, 0.263676, 0.214176, 0.1712, 0.149454],
  },
  'rcsd product': {
    loss: [0.01695, 0.0118471, 0.011588, 0.0100671, 0.0142762],
    grad_norm: [0.10128, 0.0630954, 0.0469189, 0.0411843, 0.0484399],
  },
  'rcsd ratio': {
    loss: [1.15024, 0.805408, 0.641062, 0.679576, 0.621395],
    grad_norm: [1.44874, 0.853289, 0.659849, 0.373396, 0.331716],
  },
  'rcsd strongest': {
    loss: [0.119077, 0.0971958, 0.0712979, 0.0398901, 0.0238832],
    grad_norm: [0.515047, 0.336437, 0.248578, 0.136547, 0.0885044],
  },
  sft: {
    loss: [6.04369, 6.09039, 5.72162, 5.45111, 5.23011],
    grad_norm: [1.0758, 1.08402, 1.01316, 0.827538, 1.01448],
  },
  filtered: {
    loss: [5.79078, 5.40187, 5.54215, 5.46636, 6.08703],
    grad_norm: [2.61854, 5.24658, 1.81737, 3.34186, 3.43765],
  },
  opsd: {
    loss: [0.0402401, 0.0339201, 0.0424942, 0.0596364, 0.0662369],
    grad_norm: [0.382948, 0.25958, 0.170182, 0.265653, 0.189474],
  },
  grpo: {
    loss: [0, 0, 0.00133583, 0.00393466, 0.00441954],
    grad_norm: [0, 1.48904, 0.0236136, 1.03813, 0.64281],
  },
  opd: {
    loss: [-0.511424, -0.111324, -0.135869, -0.415243, 0.166095],
    grad_norm: [0.73046, 0.443581, 0.365246, 0.543129, 0.685019],
  },
  sdpo: {
    loss: [0.00247885, 0.00474612, 0.00187797, 0.00260406, 0.00233832],
    grad_norm: [0.0317906, 0.0257957, 0.0149116, 0.0188736, 0.013875],
  },
  gkd: {
    loss: [0.00455563, 0.0083302, 0.0121719, 0.0102026, 0.0099979],
    grad_norm: [0.0334384, 0.063235, 0.0600268, 0.0478344, 0.0566283],
  },
  cripo: {
    loss: [0.0103819, 0.0148532, 0.02078, 0.0160179, 0.0219254],
    grad_norm: [0.964306, 1.53742, 0.940609, 0.994352, 0.957503],
  },
  grpo_opsd: {
    loss: [0.000458375, 0.00180704, 0.00301121, 0.00553647, 0.00841278],
    grad_norm: [0.00509494, 1.50463, 0.68977, 0.587056, 0.709255],
  },
  penalty: {
    loss: [0.34375, 0.3125, 0.3125, 0.40625, 0.44],
    grad_norm: [1.14197, 0.789985, 1.01522, 0.871944, 1.44405],
  },
  sdft: {
    loss: [0.01568, 0.0126681, 0.00824201, 0.0110404, 0.00713822],
    grad_norm: [0.0585097, 0.064754, 0.034204, 0.0350405, 0.0388142],
  },
  ssd: {
    loss: [5.65474, 5.54786, 5.60892, 5.71933, 5.68559],
    grad_norm: [2.55146, 1.75283, 1.7458, 1.73579, 1.72106],
  },
  rlcsd: {
    loss: [-0.0872643, 0.0782483, -1.58079, -0.0516319, 0.0563603],
    grad_norm: [1.63555, 1.36259, 6.57013, 1.4108, 1.24355],
  },
  majority: {
    loss: [5.67712, 5.61933, 5.77751, 5.55579, 5.74086],
    grad_norm: [2.91811, 2.95501, 2.91071, 3.41742, 2.3378],
  },
  iw_opd: {
    loss: [0.114083, 0.00839882, 0.0428794, 0.16435, 0.21371],
    grad_norm: [0.997001, 0.345068, 0.49935, 0.682017, 1.04],
  },
  op2sd: {
    loss: [0.0858926, 0.0616919, 0.0531198, 0.0450181, 0.0586069],
    grad_norm: [0.337312, 0.286199, 0.185278, 0.143865, 0.133448],
  },
  rlsd: {
    loss: [0, 0.0117561, -0.00143211, 0, 0],
    grad_norm: [0, 1.51674, 0.844168, 0, 0.750591],
  },
  opsa: {
    loss: [0.772747, 0.724433, 0.737244, 0.795363, 0.758951],
    grad_norm: [3.03659, 2.02188, 1.98794, 2.17638, 2.60162],
  },
  cort: {
    loss: [0, 0, -0.0391808, -0.0483944, 0],
    grad_norm: [0.783285, 0, 0.496351, 0.819304, 0],
  },
  rcsd_sft: {
    loss: [2.58457, 3.04519, 2.47266, 1.83887, 2.44103],
    grad_norm: [0.674826, 0.542008, 0.476253, 0.592992, 0.673888],
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
    ['mixture', 'grpo_opsd'],
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
