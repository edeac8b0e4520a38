/** `rcsd data pull`: fetches an openly licensed benchmark from its hub and registers it. */
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { pullFromHub } from '../../engine/files/hub';
import { addData } from '../../questions/addData';
import { dataFolder } from '../../questions/registry';
import { BENCHMARKS, benchmarkNamed } from '../../questions/tasks/benchmarks';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { addedText } from './shared/dataReport';

/** The command. */
export const command: Command = {
  positionals: 'NAME',
  options: [{ name: 'revision', value: 'REVISION', help: 'branch, tag or commit of the hub (main)' }],
  notes: `Downloads go to data/cache/datasets, are checked against the hub's checksums, and go on where they broke off. HF_ENDPOINT
names another hub, HF_TOKEN holds your token for sets that ask for agreement. Then it does what rcsd data add does.`,
  examples: ['rcsd data pull math-500', 'HF_TOKEN=… rcsd data pull gpqa-diamond'],
  async run(args, { signal, progress }) {
    const [name, more] = args.positionals;
    const known = BENCHMARKS.filter(({ hub }) => hub).map((each) => each.name);
    if (name === undefined || more !== undefined)
      throw new InputError(`rcsd data pull takes one name out of ${known.join(', ')}.`);
    const { hub, source } = benchmarkNamed(name);
    if (!hub) throw new InputError(`${name} is on no hub; get it from ${source}, then: rcsd data add ${name} PATH`);
    const folder = join(dataFolder(), 'cache', 'datasets', name);
    const revision = textOption(args, 'revision', undefined);
    await pullFromHub({ ...hub, folder, revision, signal, onProgress: progress.onProgress });
    progress.finish();
    process.stdout.write(addedText(name, await addData(name, folder)));
  },
};
