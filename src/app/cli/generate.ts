/** `rcsd generate`: samples completions of given prompts. */
import { saying } from '../../base/records/events';
import { type GenerationOptions, generate } from '../../method/rollout/generate';
import type { Rollout } from '../../method/rollout/rollout';
import { modelInputs } from '../../run/session/inputs';
import type { Option } from './shared/arguments';
import { numberOption, type ParsedArguments } from './shared/arguments';
import type { Command, CommandContext } from './shared/command';
import { carriedFields, type InputRow, JSONL_OPTIONS, readRows, writeRows } from './shared/jsonl';
import {
  chosenModel,
  chosenThinking,
  MODEL_OPTIONS,
  openChosenModel,
  PROMPT_FIELDS,
  promptIds,
  THINKING_OPTION,
} from './shared/modelRows';
import { outputFile } from './shared/outputFile';
import { fingerprintOf, workOff } from './shared/workOff';

const SAMPLING_OPTIONS: readonly Option[] = [
  { name: 'samples', value: 'N', help: 'number of completions of each prompt (default: 1)' },
  { name: 'max_tokens', value: 'N', help: 'longest completion in tokens, including the end token (default: 256)' },
  { name: 'temperature', value: 'T', help: 'sampling temperature; 0 takes the most likely token (default: 1)' },
  { name: 'top_p', value: 'P', help: 'sample from the smallest set with this much probability (default: 1)' },
  { name: 'top_k', value: 'K', help: 'sample from the k most likely tokens; 0 for all (default: 0)' },
  { name: 'seed', value: 'N', help: 'seed; the noise depends on (seed, id, sample, position) only (default: 42)' },
];

/** Completions between two times that the finished ones are kept. */
const DRAWN_TOGETHER = 1024;

function samplingOptions(args: ParsedArguments, { signal, progress }: CommandContext): GenerationOptions {
  return {
    temperature: numberOption(args, 'temperature', 1, { min: 0 }),
    topP: numberOption(args, 'top_p', 1, { min: 0, above: true, max: 1 }),
    topK: numberOption(args, 'top_k', 0, { min: 0, whole: true }),
    maxTokens: numberOption(args, 'max_tokens', 256, { min: 1, whole: true }),
    seed: numberOption(args, 'seed', 42, { min: 0, max: 0xffffffff, whole: true }),
    signal,
    onProgress: progress.onProgress,
  };
}

function outputRow(row: InputRow, rollout: Rollout): object {
  return {
    ...carriedFields(row, PROMPT_FIELDS),
    sample: rollout.sample,
    prompt_ids: rollout.promptTokens,
    completion_ids: rollout.completionTokens,
    text: rollout.text,
    finish_reason: rollout.finishReason,
    logprobs: rollout.logprobs,
    sampling_logprobs: rollout.samplingLogprobs,
  };
}

export const command: Command = {
  options: [...MODEL_OPTIONS, THINKING_OPTION, ...SAMPLING_OPTIONS, ...JSONL_OPTIONS],
  notes: `Reads {id, prompt | messages | prompt_ids} and writes one row for each sample: {id, sample, prompt_ids, completion_ids, text,
finish_reason, logprobs, sampling_logprobs}; other fields are copied. logprobs are at temperature 1, sampling_logprobs under
the distribution that was sampled from. With --output, running the same command again resumes an interrupted run.`,
  examples: ['rcsd generate --model smollm2-135m --samples 4 --temperature 0.8 --input prompts.jsonl'],
  async run(args, context) {
    const options = samplingOptions(args, context);
    const thinking = chosenThinking(args);
    const samples = numberOption(args, 'samples', 1, { min: 1, whole: true });
    const output = outputFile(args) ?? '-';
    const rows = await readRows(args, context.signal);
    const model = await openChosenModel(args);
    const requests = rows.flatMap((row) => {
      const promptTokens = promptIds(row, model, thinking);
      const questionId = String(row.fields.id);
      return Array.from({ length: samples }, (_, sample) => ({ questionId, sample, promptTokens }));
    });
    const { signal, onProgress, ...sampling } = options;
    const place = chosenModel(args);
    await workOff({
      stage: 'generate',
      output,
      fingerprint: fingerprintOf([
        place,
        samples,
        sampling,
        ...(thinking === undefined ? [] : [thinking]),
        rows.map(({ fields }) => fields),
      ]),
      inputs: await modelInputs(place, options),
      rows: rows.length,
      piece: Math.max(1, Math.ceil(DRAWN_TOGETHER / samples)),
      each: samples,
      together: true,
      of: async (start, end) => {
        const drawn = { done: start * samples, total: requests.length };
        const rollouts = await generate(model, requests.slice(start * samples, end * samples), {
          ...options,
          onProgress: (event) => onProgress?.({ ...event, done: drawn.done + event.done, total: drawn.total }),
        });
        return rollouts.map((rollout, i) => outputRow(rows[start + Math.floor(i / samples)] as InputRow, rollout));
      },
      write: (made) => writeRows(args, made),
      say: saying(options),
      signal,
    });
    model.dispose();
  },
};
