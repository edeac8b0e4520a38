/** `rcsd data add`: registers the files of a benchmark, or a table of one's own. */
import { InputError } from '../../base/records/errors';
import { addData } from '../../questions/addData';
import { readColumnMap } from '../../questions/tasks/benchmarks/columns';
import { textOption } from './shared/arguments';
import type { Command } from './shared/command';
import { addedText } from './shared/dataReport';

/** The command. */
export const command: Command = {
  positionals: 'NAME PATH',
  options: [
    { name: 'as', value: 'BENCHMARK', help: 'the benchmark whose form the files have, where NAME is another' },
    {
      name: 'columns',
      value: 'MAP',
      help: 'columns of a table of your own, question=prompt,answer=gold,choices=a|b|c, or a YAML file',
    },
    {
      name: 'against',
      value: 'NAMES',
      help: 'sets to look for the same words in, with commas (the shipped and all registered ones)',
    },
  ],
  notes: `Reads the files as they are published (a file, a folder or a zip archive), checks every row, counts, looks for repeated
questions and for words shared with training data, and writes data/registered/NAME with its checksum. data=NAME works then.
A row that is not in order stops it, with file and line.`,
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
      throw new InputError('--as and --columns cannot go together: a benchmark has columns of its own; leave one out.');
    const added = await addData(name, path, {
      ...(as !== undefined && { as }),
      ...(columns !== undefined && { columns: readColumnMap(columns) }),
      ...(against !== undefined && { against: against.split(',') }),
    });
    process.stdout.write(addedText(name, added));
  },
};
