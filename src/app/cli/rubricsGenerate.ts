/** `rcsd rubrics generate`: lets a model write a rubric for each question of a data set. */

import { saying } from '../../base/records/events';
import { lockFolder } from '../../base/records/lock';
import type { Question } from '../../base/records/question';
import { writeJsonl } from '../../engine/files/jsonl';
import { resolveTrainConfig } from '../../method/algorithms/settings';
import { isAddress } from '../../method/rollout/remote/address';
import type { RubricYield } from '../../method/rubrics/yield';
import { inputsOf } from '../../run/session/inputs';
import { writeRubrics } from '../../run/session/rubrics';
import { openSession } from '../../run/session/session';
import { choiceOption, numberOption, textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { requireServer } from './shared/endpointOptions';
import { outputFile } from './shared/outputFile';
import { printBeside } from './shared/print';
import { askServer, RUBRIC_SERVER_OPTIONS } from './shared/serverRubrics';
import { sayingWhatIsKept } from './shared/stopped';
import { type Subset, subsetOverrides, subsetSettings } from './shared/subsetSettings';

const SUBSET: Subset = {
  command: 'rubrics generate',
  group: 'rubric_sampling',
};

const countsText = ({ valid, questions, recovered }: RubricYield): string =>
  `${valid} of ${questions} rubrics are valid; ${recovered} at the second attempt`;

export const command: Command = {
  options: [
    { name: 'split', value: 'NAME', help: 'which questions: train (default) or test' },
    { name: 'questions', value: 'N', help: 'at most this many questions; 0 for all (default: 0)' },
    {
      name: 'cache',
      value: 'FOLDER',
      help: 'folder that keeps finished rubrics (of a server: replies, by default in the data folder; none keeps none), so that only missing ones are asked for',
    },
    { name: 'output', value: 'FILE', help: 'where to write the rows (default: standard output)' },
    ...RUBRIC_SERVER_OPTIONS,
  ],
  settings: subsetSettings(SUBSET),
  notes: `Writes one row for each question: {question_id, valid, reason?, issues, text, criteria, attempts}. An invalid rubric is asked
for once more. model=http://HOST:PORT/v1#NAME asks a server, as for evaluate. The file can be used as rubric_source=file:PATH.`,
  examples: ['rcsd rubrics generate model=smollm2-135m data=data/science-sample --output rubrics.jsonl'],
  async run(args, { signal, progress }) {
    const config = resolveTrainConfig({ overrides: subsetOverrides(args, SUBSET) });
    const split = choiceOption(args, 'split', ['train', 'test']);
    const limit = numberOption(args, 'questions', 0, { min: 0, whole: true });
    const output = outputFile(args) ?? '-';
    const choose = (all: Record<'train' | 'test', readonly Question[]>) =>
      limit > 0 ? all[split].slice(0, limit) : all[split];
    if (isAddress(config.model)) {
      const { rows, counts, failed } = await askServer(args, config, { choose, signal, progress });
      progress.finish();
      writeJsonl(output, rows);
      printBeside(`${countsText(counts)}; ${failed} failed at the server.\n`);
      return;
    }
    requireServer(args, config.model, RUBRIC_SERVER_OPTIONS);
    const session = await openSession(config);
    const questions = choose(session);
    const cacheFolder = textOption(args, 'cache', undefined);
    const writerName = config.adapter ? `${config.model} with ${config.adapter}` : config.model;
    const kept =
      cacheFolder === undefined
        ? 'nothing of it is kept; with --cache FOLDER finished rubrics are, and the same command goes on'
        : `finished rubrics are in ${cacheFolder}, and the same command goes on`;
    const options = { signal, onProgress: progress.onProgress };
    const lock = cacheFolder === undefined ? undefined : lockFolder(cacheFolder, 'rcsd rubrics generate');
    if (lock?.takenOver !== undefined) saying(options)(lock.takenOver);
    const { rows, counts } = await sayingWhatIsKept(kept, async () => {
      const cache = cacheFolder !== undefined && {
        cache: { folder: cacheFolder, inputs: await inputsOf(config, session, options) },
      };
      return writeRubrics(session, { writer: session.model, writerName, questions, config, ...options, ...cache });
    }).finally(lock?.release);
    progress.finish();
    writeJsonl(output, rows);
    printBeside(`${countsText(counts)}.\n`);
    session.dispose();
  },
};
