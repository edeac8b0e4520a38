/** `rcsd judge`: responses judged by a model, and, where there are labels or repeats, how far the judge can be trusted. */
import { InputError } from '../../base/records/errors';
import { saying } from '../../base/records/events';
import { writeFileAtomic } from '../../engine/files/jsonl';
import { openModel } from '../../engine/model/load';
import { requireTokenizer } from '../../engine/model/model';
import { judgePrompts, MAX_RESPONSE } from '../../method/prompts/judge';
import { defaultTemplates, readTemplates } from '../../method/prompts/templates';
import {
  type JudgeEvaluator,
  type JudgeSettings,
  judgeEvaluator,
  judgeSettings,
  readoutEvaluator,
} from '../../method/rewards/judges/evaluator';
import type { Judgement } from '../../method/rewards/judges/judgement';
import { JUDGE_KINDS, type JudgeKindName } from '../../method/rewards/judges/kinds';
import { localJudge } from '../../method/rewards/judges/readout';
import { isAddress } from '../../method/rollout/remote/address';
import { type EndpointSettings, wordingOf } from '../../method/rollout/remote/settings';
import { type JudgeReport, judgeReport } from '../../results/judges/judgeReport';
import { judgeInputs } from '../../run/session/inputs';
import type { Option } from './shared/arguments';
import { choiceOption, numberOption, type ParsedArguments, textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { endpointOptions, endpointSettings, requireServer } from './shared/endpointOptions';
import { JSONL_OPTIONS, readRows, writeRows } from './shared/jsonl';
import { openJudgeModel } from './shared/judgeModel';
import { type JudgeRow, judgedRow, labelScale, outputRow, readJudgeRow } from './shared/judgeRows';
import { judgeText } from './shared/judgeText';
import { outputFile } from './shared/outputFile';
import { print, printBeside } from './shared/print';
import { fingerprintOf, workOff } from './shared/workOff';

/** Responses that are judged and saved together; an interruption loses at most these. */
const PIECE = 16;

const KINDS = Object.keys(JUDGE_KINDS) as [JudgeKindName, ...JudgeKindName[]];

const OPTIONS: readonly Option[] = [
  { name: 'kind', value: 'KIND', help: KINDS.join(', ') },
  {
    name: 'judge',
    value: 'MODEL',
    help: "the judge: a model's name, folder or .gguf file, or a server's address http://HOST:PORT/v1#NAME",
  },
  {
    name: 'readout',
    value: 'HOW',
    help: 'words (default), or logprobs: read probabilities of Yes and No, or of 1 to 10, from a model in this process',
  },
  { name: 'repeats', value: 'N', help: 'judge every response N times, with seeds from --seed upwards (default: 1)' },
  { name: 'mapping', value: 'NAME', help: 'how a rating r becomes a score: tenth (default) is r/10, span is (r-1)/9' },
  { name: 'per_call', value: 'N', help: 'criteria in one call (default: 1; researchqa: 8)' },
  {
    name: 'reason',
    value: 'WHEN',
    help: 'ask for a reason before the verdict: auto (default, as the kind does), yes or no',
  },
  { name: 'retries', value: 'N', help: 'further attempts after a malformed verdict (default: 2)' },
  {
    name: 'temperature',
    value: 'T',
    help: 'temperature of the first attempt; further ones use 0.5 at least (default: 0)',
  },
  { name: 'top_p', value: 'P', help: 'sample from the smallest set with this much probability (default: 1)' },
  { name: 'max_tokens', value: 'N', help: 'longest reply in tokens (default: 1024)' },
  { name: 'seed', value: 'N', help: 'seed of the sampling (default: 42)' },
  { name: 'max_response', value: 'N', help: `how many characters of a response are shown (default: ${MAX_RESPONSE})` },
  { name: 'keep_thinking', help: 'judge the thinking too, not only the text after it' },
  { name: 'prompts', value: 'FILE', help: 'YAML file with judge_ templates that replace the built-in ones' },
  {
    name: 'threshold',
    value: 'S',
    help: 'if labels are right or wrong: scores of S or more count as right (default: 0.5)',
  },
  { name: 'summary', value: 'FILE', help: 'also write the summary as JSON to this file' },
];

/** The options of a server. `retries` are those of a malformed verdict here, and nothing is said about prices. */
const named = (name: string): string => (name === 'retries' ? 'request_retries' : name);
const SERVER_OPTIONS = endpointOptions(named, ['price_input', 'price_output']);

function settingsOf(args: ParsedArguments, kind: JudgeKindName): JudgeSettings {
  const defaults = judgeSettings(kind);
  const prompts = textOption(args, 'prompts', undefined);
  const reason = choiceOption(args, 'reason', ['auto', 'yes', 'no']);
  return {
    ...defaults,
    mapping: choiceOption(args, 'mapping', ['tenth', 'span']),
    perCall: numberOption(args, 'per_call', defaults.perCall, { min: 1, whole: true }),
    reason: reason === 'auto' ? defaults.reason : reason === 'yes',
    retries: numberOption(args, 'retries', defaults.retries, { min: 0, whole: true }),
    temperature: numberOption(args, 'temperature', defaults.temperature, { min: 0 }),
    topP: numberOption(args, 'top_p', defaults.topP, { min: 0, above: true, max: 1 }),
    maxTokens: numberOption(args, 'max_tokens', defaults.maxTokens, { min: 1, whole: true }),
    seed: numberOption(args, 'seed', defaults.seed, { min: 0, max: 0x7fffffff, whole: true }),
    maxResponse: numberOption(args, 'max_response', defaults.maxResponse, { min: 100, whole: true }),
    keepThinking: args.options.keep_thinking === true,
    templates: prompts === undefined ? defaultTemplates() : readTemplates(prompts),
  };
}

/** A judge with its name, one evaluator for each repeat, and a function that frees it. */
interface OpenJudge {
  readonly name: string;
  readonly evaluators: readonly JudgeEvaluator[];
  dispose(): void;
}

async function openJudge(
  args: ParsedArguments,
  settings: JudgeSettings,
  { repeats, endpoint }: { readonly repeats: number; readonly endpoint: EndpointSettings },
): Promise<OpenJudge> {
  const spec = textOption(args, 'judge', undefined);
  if (spec === undefined) throw new InputError('rcsd judge needs a judge; name a model with --judge MODEL.');
  if (!isAddress(spec)) requireServer(args, spec, SERVER_OPTIONS);
  if (choiceOption(args, 'readout', ['words', 'logprobs']) === 'words') {
    const model = await openJudgeModel(spec, endpoint);
    const seeds = Array.from({ length: repeats }, (_, repeat) => settings.seed + repeat);
    const evaluators = seeds.map((seed) => judgeEvaluator(model, { ...settings, seed }));
    return { name: model.name, evaluators, dispose: model.dispose };
  }
  if (repeats > 1)
    throw new InputError(
      '--repeats has no effect with --readout logprobs, which gives the same result each time; leave one of them out.',
    );
  const model = await openModel(spec);
  const judge = localJudge(model, judgePrompts(requireTokenizer(model), settings));
  return { name: model.name, evaluators: [readoutEvaluator(judge, settings)], dispose: model.dispose };
}

/** Output rows of some responses: all repeats of the first one, then of the next. */
async function judgePiece(
  rows: readonly JudgeRow[],
  { name, evaluators }: OpenJudge,
  { settings, signal }: { readonly settings: JudgeSettings; readonly signal: AbortSignal },
): Promise<object[]> {
  const rounds: Judgement[][] = [];
  for (const evaluate of evaluators)
    rounds.push(
      await evaluate(
        rows.map(({ judged }) => judged),
        { signal },
      ),
    );
  const facts = { settings, judge: name };
  return rows.flatMap((row, i) =>
    rounds.map((judgements, repeat) =>
      outputRow(row, judgements[i] as Judgement, rounds.length > 1 ? { ...facts, repeat } : facts),
    ),
  );
}

function writeSummary(args: ParsedArguments, report: JudgeReport): void {
  const write = textOption(args, 'output', '-') === '-' ? printBeside : print;
  write(judgeText(report));
  const path = textOption(args, 'summary', undefined);
  if (path !== undefined) writeFileAtomic(path, `${JSON.stringify(report, null, 2)}\n`);
}

export const command: Command = {
  options: [...OPTIONS, ...JSONL_OPTIONS, ...SERVER_OPTIONS],
  notes: `Reads {id, question, choices?, response, rubric | reference | response_b, label?, labels?} and writes one row for each judgement:
{id, kind, judge, score, rating | verdicts | preference | dimensions, reason, unscored, problems, effort}; other fields are copied.
A verdict that stays malformed, or that a server failed to give, is null and counted, never a zero. label: true or false, a
score from 0 to 1, a rating from 1 to 10, or "a", "b", "tie" for pairs; labels: one for each criterion. With --output, running the same command again resumes an
interrupted run. docs/judges.md says what each kind asks, and how to check a judge before trusting it. With --kind rubric-quality the response is a rubric.`,
  examples: [
    'rcsd judge --kind paper --judge smollm2-135m --input responses.jsonl --output judged.jsonl',
    'rcsd judge --kind rar-explicit --judge smollm2-135m --readout logprobs --input responses.jsonl',
    'rcsd judge --kind pairwise --judge ./Qwen3-4B --repeats 3 --temperature 0.7 --input pairs.jsonl --output judged.jsonl',
  ],
  async run(args, { signal, progress }) {
    if (args.options.kind === undefined)
      throw new InputError(`rcsd judge needs a kind; name one with --kind: ${KINDS.join(', ')}.`);
    const kind = choiceOption(args, 'kind', KINDS);
    const settings = settingsOf(args, kind);
    const threshold = numberOption(args, 'threshold', 0.5, { min: 0, max: 1 });
    const repeats = numberOption(args, 'repeats', 1, { min: 1, whole: true });
    const output = outputFile(args) ?? '-';
    outputFile(args, 'summary');
    const rows = (await readRows(args, signal)).map((row) => readJudgeRow(row, JUDGE_KINDS[kind]));
    const labels = labelScale(rows, JUDGE_KINDS[kind]);
    const endpoint = endpointSettings(args, { named });
    const judge = await openJudge(args, settings, { repeats, endpoint });
    const isRemote = isAddress(judge.name);
    try {
      const options = { signal, onProgress: progress.onProgress };
      const judged = await workOff({
        stage: 'judge',
        output,
        inputs: await judgeInputs(textOption(args, 'judge', undefined), options),
        fingerprint: fingerprintOf([
          settings,
          repeats,
          args.options.readout,
          judge.name,
          rows.map(({ row }) => row.fields),
          ...(isRemote ? [wordingOf(endpoint)] : []),
        ]),
        rows: rows.length,
        piece: isRemote ? Math.max(PIECE, endpoint.concurrency) : PIECE,
        each: repeats,
        of: (start, end) => judgePiece(rows.slice(start, end), judge, { settings, signal }),
        write: (made) => {
          progress.finish();
          writeRows(args, made);
        },
        say: saying(options),
        ...options,
      });
      const of = (i: number) => judged.slice(i * repeats, (i + 1) * repeats) as unknown as readonly Judgement[];
      const report = judgeReport(
        rows.map((row, i) => judgedRow(row, of(i), settings)),
        {
          threshold,
          ...(labels && { labels }),
        },
      );
      writeSummary(args, report);
    } finally {
      judge.dispose();
    }
  },
};
