/** `rcsd export`: writes a trained model for other programs. */
import { InputError } from '../../../base/records/errors';
import { shellWord } from '../../../base/records/printable';
import { EXPORT_TYPES } from '../../../engine/export/numberTypes';
import { exportModel } from '../../../run/export/export';
import { EXPORT_FORMATS } from '../../../run/export/formats';
import { choiceOption, textOption } from '../shared/arguments';
import type { Command } from '../shared/command';
import { print } from '../shared/print';
import { sayingWhatIsKept } from '../shared/stopped';

export const command: Command = {
  positionals: 'RUN|CHECKPOINT|MODEL',
  options: [
    {
      name: 'format',
      value: EXPORT_FORMATS.join('|'),
      help: 'a Hugging Face folder with the adapter in its weights (default), a PEFT adapter, or a GGUF file for llama.cpp',
    },
    {
      name: 'dtype',
      value: EXPORT_TYPES.join('|'),
      help: 'how weights are stored (default: fp32); q8_0 in GGUF alone',
    },
    { name: 'output', value: 'DIR', help: 'the folder to write, which must not exist' },
    { name: 'adapter', value: 'FOLDER', help: 'PEFT adapter for a MODEL that is no run' },
    {
      name: 'base',
      value: 'ORG/NAME',
      help: 'what a PEFT adapter names as its model (default: its repository on the hub where that is known, else its path)',
    },
  ],
  notes: `Writes weights, tokenizer, chat template, end tokens and a model card (README.md) with method, data, settings, scores and limits. Then
reads back what was written and compares log-probabilities: in fp32 within 1e-4 of the model, in bf16 and q8_0 within 1e-4 of the
model with its weights rounded so. A folder that differs is not kept.`,
  examples: [
    'rcsd export runs/rcsd-smollm2-135m --output exported',
    'rcsd export runs/rcsd-smollm2-135m --format peft --output adapter',
    'rcsd export runs/rcsd-smollm2-135m --format gguf --dtype q8_0 --output gguf',
  ],
  async run(args, { signal, progress }) {
    const [source, more] = args.positionals;
    if (source === undefined || more !== undefined)
      throw new InputError(
        'rcsd export takes one run, checkpoint or model, for example: rcsd export runs/NAME --output DIR',
      );
    const output = textOption(args, 'output', undefined);
    if (output === undefined)
      throw new InputError(`rcsd export needs the folder to write: rcsd export ${shellWord(source)} --output DIR`);
    const format = choiceOption(args, 'format', EXPORT_FORMATS);
    const type = choiceOption(args, 'dtype', EXPORT_TYPES);
    const { folder, distance, notes } = await sayingWhatIsKept('nothing was kept', () =>
      exportModel({
        ...{ source, output, format, type, signal, onProgress: progress.onProgress },
        adapter: textOption(args, 'adapter', undefined),
        base: textOption(args, 'base', undefined),
      }),
    );
    progress.finish();
    for (const note of notes) print(`Note: ${note}\n`);
    const { largest, mean } = distance;
    print(
      `${folder} holds ${source} (${format}, ${type}). Read back, its log-probabilities differ from the model's by ${largest.toExponential(1)} nats at most (mean ${mean.toExponential(1)}).\n`,
    );
  },
};
