/** The settings of `rcsd benchmark`: defaults, then a file, then `name=value` pairs. */
import { z } from 'zod';
import { resolveFlat } from './flat';
import { about, choice, seed, settingsTable, text, whole } from './settings';
import type { ConfigSources } from './sources';
import { BENCHMARK_STAGES, type BenchmarkConfig, benchmarkDefaults, GROWTH_STAGES } from './speed';

const STAGE = new RegExp(`^(${BENCHMARK_STAGES.join('|')}|growth|(decode|teacher|vocabulary)-[1-9]\\d{0,6})$`);
const STAGE_WORDS = `a comma-separated list out of ${BENCHMARK_STAGES.join(', ')}, growth; decode-N, teacher-N and vocabulary-N take any N`;

/** The settings of a benchmark. */
export const benchmarkSettings = settingsTable<BenchmarkConfig>(
  z.strictObject({
    model: text('a model name (see `rcsd models list`), a model folder or a .gguf file'),
    stages: z.array(z.string().regex(STAGE)).min(1).meta(about(STAGE_WORDS, 'what to measure')),
    batch_size: whole(1, 'completions of a step'),
    microbatch_size: whole(1, 'completions in one forward and backward pass, at most'),
    prompt_tokens: whole(1, "tokens of the student's prompt"),
    teacher_tokens: whole(1, "tokens of the teacher's prompt"),
    completion_tokens: whole(2, 'tokens of a completion'),
    rank: whole(0, "rank of the student's adapter on all seven projections; 0 trains all weights"),
    questions: whole(1, 'questions of four choices in the stage loglikelihood'),
    choice_tokens: whole(1, 'tokens of each choice there'),
    groups: whole(1, 'prompts in the stage grpo, with four completions each'),
    grpo_tokens: whole(2, 'tokens of each completion there'),
    precision: choice(['fp32', 'bf16'], 'number format of the matrix products'),
    repeats: whole(1, 'timed calls of a stage, besides the first, which warms up'),
    seed: seed('seed of the random token ids and of the sampling'),
    output: text('JSON file to write; with growth a figure is written beside it'),
  }),
);

/** The complete configuration of a benchmark, `growth` spelt out. Throws InputError for unknown names and values out of range. */
export function resolveBenchmarkConfig(sources: ConfigSources): BenchmarkConfig {
  const settings = { command: 'benchmark', table: benchmarkSettings, defaults: benchmarkDefaults };
  const config = resolveFlat(settings, sources);
  const stages = config.stages.flatMap((stage) => (stage === 'growth' ? GROWTH_STAGES : [stage]));
  return { ...config, stages: [...new Set(stages)] };
}
