/** `rcsd rubrics generate`: lets a model write a rubric for each question of a data set. */

import { writeJsonl } from '../../engine/files/jsonl';
import { resolveTrainConfig } from '../../method/algorithms/settings';
import { writeRubrics } from '../../run/session/rubrics';
import { openSession } from '../../run/session/session';
import { choiceOption, numberOption, textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { outputFile } from './shared/outputFile';
import { printBeside } from './shared/print';
import { sayingWhatIsKept } from './shared/stopped';
import { type Subset, subsetOverrides, subsetSettings } from './shared/subsetSettings';

const SUBSET: Subset = {
  command: 'rubrics generate',
  group: 'rubric_sampling',
};

export const command: Command = {
  options: [
    { name: 'split', value: 'NAME', help: 'which questions: train (default) or test' },
    { name: 'questions', value: 'N', help: 'at most this many questions; 0 for all (default: 0)' },
    {
      name: 'cache',
      value: 'FOLDER',
      help: 'file that keeps finished rubrics, so that only missing ones are asked for',
    },
    { name: 'output', value: 'FILE', help: 'where to write the rows (default: standard output)' },
  ],
  settings: subsetSettings(SUBSET),
  notes: `Writes one row for each question: {question_id, valid, reason?, issues, text, criteria, attempts}. An invalid rubric is asked
for once more. The file can be used as rubric_source=file:PATH.`,
  examples: ['rcsd rubrics generate model=smollm2-135m data=data/science-sample --output rubrics.jsonl'],
  async run(args, { signal, progress }) {
    const config = resolveTrainConfig({ overrides: subsetOverrides(args, SUBSET) });
    const split = choiceOption(args, 'split', ['train', 'test']);
    const limit = numberOption(args, 'questions', 0, { min: 0, whole: true });
    const output = outputFile(args) ?? '-';
    const session = await openSession(config);
    const questions = limit > 0 ? session[split].slice(0, limit) : session[split];
    const cacheFolder = textOption(args, 'cache', undefined);
    const writerName = config.adapter ? `${config.model} with ${config.adapter}` : config.model;
    const kept =
      cacheFolder === undefined
        ? 'nothing of it is kept; with --cache FOLDER finished rubrics are, and the same command goes on'
        : `finished rubrics are in ${cacheFolder}, and the same command goes on`;
    const { rows, counts } = await sayingWhatIsKept(kept, () =>
      writeRubrics(session, {
        writer: session.model,
        writerName,
        questions,
        config,
        signal,
        onProgress: progress.onProgress,
        ...(cacheFolder !== undefined && { cacheFolder }),
      }),
    );
    progress.finish();
    writeJsonl(output, rows);
    printBeside(
      `${counts.valid} of ${counts.questions} rubrics are valid; ${counts.recovered} at the second attempt.\n`,
    );
    session.dispose();
  },
};
