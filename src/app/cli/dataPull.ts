/** `rcsd data pull`: downloads an openly licensed benchmark from its hub and registers it. */
import { join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { pullHubData } from '../../engine/hub/datasets';
import { addData } from '../../questions/addData';
import { dataFolder } from '../../questions/registry';
import { BENCHMARKS, benchmarkNamed } from '../../questions/tasks/benchmarks';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { addedText } from './shared/dataReport';
import { print } from './shared/print';

export const command: Command = {
  positionals: 'NAME',
  options: [{ name: 'revision', value: 'REVISION', help: 'branch, tag or commit of the hub (default: main)' }],
  notes: `Downloads go to the cache that programs of the hub share (HF_HOME), are checked against the hub's checksums, and resume where they were
interrupted. Set HF_ENDPOINT to use another hub, and HF_TOKEN to your access token for data sets whose terms you must accept.
Afterwards the files are checked and registered as by rcsd data add.`,
  examples: ['rcsd data pull math-500', 'HF_TOKEN=… rcsd data pull gpqa-diamond'],
  async run(args, { signal, progress }) {
    const [name, more] = args.positionals;
    const known = BENCHMARKS.filter(({ hub }) => hub).map((each) => each.name);
    if (name === undefined || more !== undefined)
      throw new InputError(`rcsd data pull takes one of these names: ${known.join(', ')}.`);
    const { hub, source } = benchmarkNamed(name);
    if (!hub)
      throw new InputError(`${name} is not on the hub; get it from ${source}, then run: rcsd data add ${name} PATH`);
    const folder = join(dataFolder(), 'cache', 'datasets', name);
    const revision = textOption(args, 'revision', undefined);
    await pullHubData({ ...hub, folder, revision, signal, onProgress: progress.onProgress });
    progress.finish();
    print(addedText(name, await addData(name, folder)));
  },
};
