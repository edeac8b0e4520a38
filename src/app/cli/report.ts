/** `rcsd report`: writes the self-contained HTML page of a run. */

import { InputError } from '../../base/records/errors';
import { writeReport } from '../../run/experiments/report';
import type { Command } from './shared/command';
import { print } from './shared/print';

export const command: Command = {
  positionals: 'RUN',
  options: [],
  notes: 'Reads the run folder and writes RUN/report.html, a page without scripts or outside resources.',
  examples: ['rcsd report runs/quickstart'],
  async run({ positionals }) {
    const [path, more] = positionals;
    if (path === undefined || more !== undefined) {
      throw new InputError('rcsd report takes one run folder, for example: rcsd report runs/quickstart');
    }
    print(`${writeReport(path)}\n`);
  },
};
