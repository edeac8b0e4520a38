/** `rcsd start`, the last step of `npm start`: runs the doctor, then the quickstart. */

import { runDoctor } from './doctor';
import { command as quickstart, runQuickstart } from './quickstart';
import type { Command } from './shared/command';

export const command: Command = {
  ...quickstart,
  notes: 'The last step of `npm start`, after the set-up. Takes the same options and settings as quickstart.',
  examples: ['rcsd start', 'rcsd start --fresh', 'npm start -- --fresh'],
  async run(args, context) {
    await runDoctor(args, { views: false });
    await runQuickstart(args, context);
  },
};
