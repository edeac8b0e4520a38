/**
 * `rcsd benchmark`: measures time and memory of each stage, and compares its speed with that of the machine's matrix
 * products.
 */

import { resolveSpeedConfig, speedTable } from '../../base/config/speed';
import { InterruptedError } from '../../base/records/errors';
import { compactNumber, percent } from '../../results/figures/text';
import { type BenchmarkReport, benchmark, type StageResult } from '../../study/speed/benchmark';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { flatSettings } from './shared/flatSettings';
import { print } from './shared/print';
import { textTable } from './shared/textTable';

const HEAD = ['stage', 'first', 'median [least, most]', 'tokens/s', 'GFLOP', 'GFLOP/s', 'of peak', 'peak RSS', 'own'];

const seconds = (value: number): string => `${value.toPrecision(3)} s`;
const giga = (value: number): string => compactNumber(value / 1e9);
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function stageRow(result: StageResult): string[] {
  const { stage, first_seconds, median_seconds, tokens_per_second, flops, flops_per_second, share_of_peak } = result;
  const [least, most] = [Math.min(...result.seconds), Math.max(...result.seconds)];
  return [
    stage,
    seconds(first_seconds),
    `${seconds(median_seconds)} [${least.toPrecision(3)}, ${most.toPrecision(3)}]`,
    tokens_per_second === null ? '–' : compactNumber(tokens_per_second),
    giga(flops),
    giga(flops_per_second),
    percent(share_of_peak),
    gib(result.peak_rss_bytes),
    gib(result.working_bytes),
  ];
}

/** The report as text: the machine, the table, and what its columns mean. */
function reportText(report: BenchmarkReport): string {
  const { cpu, cores, threads, settings, versions, peak, stages, load_average, git_commit } = report;
  const load = load_average[0] ?? 0;
  const { rows, inner, out } = [...peak.products].sort((a, b) => b.flops_per_second - a.flops_per_second)[0] ?? {};
  const formulas = [...new Set(stages.map(({ formula }) => formula))].map(
    (formula) =>
      `${stages
        .filter((stage) => stage.formula === formula)
        .map(({ stage }) => stage)
        .join(', ')}: ${formula}`,
  );
  return `${[
    `${cpu}, ${cores} cores, ${threads} threads, ${settings.precision}, ${settings.model}; Node ${versions.node}, TensorFlow ${versions.tensorflow}, commit ${git_commit ?? 'unknown'}`,
    `peak: ${giga(peak.flops_per_second)} GFLOP/s, the best matrix product of the model's shapes ([${rows}, ${inner}] x [${inner}, ${out}])`,
    '',
    textTable(HEAD, stages.map(stageRow)),
    '',
    'first: the first call, which includes the warm-up; own: memory of the calls beyond what was in use before them',
    'GFLOP: the arithmetic that the stage needs, by formula; decoding and updates are limited by memory bandwidth instead',
    ...formulas.map((formula) => `  ${formula}`),
    `  with ${report.formula_words}`,
    ...(load > cores / 2
      ? [`The machine was busy (load ${load.toFixed(1)} on ${cores} cores), so the times are only rough.`]
      : []),
  ].join('\n')}\n`;
}

export const command: Command = {
  options: [{ name: 'config', value: 'FILE', help: 'YAML or JSON file with settings; name=value overrides them' }],
  settings: flatSettings(speedTable),
  notes: `Every stage runs in a process of its own, on random token ids, with completions of exact length. Use the machine for nothing
else meanwhile, or the numbers are not comparable. benchmarks/README.md compares them with PyTorch.`,
  examples: [
    'rcsd benchmark',
    'rcsd benchmark stages=rollout,step precision=bf16 repeats=5',
    'rcsd benchmark stages=growth output=runs/growth.json',
    'rcsd benchmark model=microscience rank=0 prompt_tokens=40 teacher_tokens=120 completion_tokens=80',
  ],
  async run(args, { signal, progress }) {
    const file = textOption(args, 'config', undefined);
    const config = resolveSpeedConfig({ overrides: args.overrides, ...(file !== undefined && { file }) });
    let measured = 0;
    const onStage = () => {
      measured++;
    };
    try {
      const { report, files } = await benchmark(config, { signal, onProgress: progress.onProgress, onStage });
      progress.finish();
      print(`${reportText(report)}written: ${files.join(', ')}\n`);
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      const kept =
        measured > 0 ? `the stages measured so far (${measured}) are in ${config.output}` : 'nothing had been measured';
      throw new InterruptedError(`Stopped on request; ${kept}.`);
    }
  },
};
