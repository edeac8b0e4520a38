/** `rcsd data add`: checks and registers the files of a benchmark, or a table of your own. */
import { InputError } from '../../base/records/errors';
import { addData } from '../../questions/addData';
import { readColumnMap } from '../../questions/tasks/benchmarks/columns';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { addedText } from './shared/dataReport';
import { print } from './shared/print';

export const command: Command = {
  positionals: 'NAME PATH',
  options: [
    { name: 'as', value: 'BENCHMARK', help: 'the benchmark whose format the files have, if NAME is not its name' },
    {
      name: 'columns',
      value: 'MAP',
      help: 'columns of a table of your own, question=prompt,answer=gold,choices=a|b|c, or a YAML file',
    },
    {
      name: 'against',
      value: 'NAMES',
      help: 'data sets to search for the same words, separated by commas (default: the shipped and all registered ones)',
    },
  ],
  notes: `Reads the files as they were published (a file, a folder or a zip archive), checks every row, counts rows, looks for repeated
questions and for words shared with training data, and writes data/registered/NAME with its checksum. After that, data=NAME
works. An invalid row stops the command with a message that names file and line.`,
  examples: [
    'rcsd data add gpqa-diamond gpqa_diamond.csv',
    'rcsd data add piqa physicaliqa-train-dev.zip',
    'rcsd data add mine questions.csv --columns question=prompt,answer=gold,choices=a|b|c|d',
  ],
  async run(args) {
    const [name, path, more] = args.positionals;
    if (name === undefined || path === undefined || more !== undefined)
      throw new InputError('rcsd data add takes a name and a path: rcsd data add gpqa-diamond gpqa_diamond.csv');
    const [as, columns, against] = ['as', 'columns', 'against'].map((option) => textOption(args, option, undefined));
    if (as !== undefined && columns !== undefined)
      throw new InputError(
        '--as and --columns cannot be combined, because a benchmark has its own columns; leave one of them out.',
      );
    const added = await addData(name, path, {
      ...(as !== undefined && { as }),
      ...(columns !== undefined && { columns: readColumnMap(columns) }),
      ...(against !== undefined && { against: against.split(',') }),
    });
    print(addedText(name, added));
  },
};
