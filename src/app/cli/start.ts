/** `rcsd start`, the last step of `npm start`: the doctor, then the quickstart. */

import { runDoctor } from './doctor';
import { command as quickstart, runQuickstart } from './quickstart';
import type { Command } from './shared/command';

/** The command. */
export const command: Command = {
  ...quickstart,
  notes: 'What `npm start` does when the set-up is in place; it takes what quickstart takes.',
  examples: ['rcsd start', 'rcsd start --fresh', 'npm start -- --fresh'],
  async run(args, context) {
    await runDoctor(args, { views: false });
    await runQuickstart(args, context);
  },
};
