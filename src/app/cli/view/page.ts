/** `rcsd page`: the method in a browser tab, served here or written as files for any static host. */
import { join, resolve } from 'node:path';
import { servePage } from '../../page/server';
import { writePage } from '../../page/site';
import { numberOption, textOption } from '../shared/arguments';
import type { Command } from '../shared/command';
import { print } from '../shared/print';
import { untilStopped } from './untilStopped';

export const command: Command = {
  options: [
    { name: 'port', value: 'N', help: 'port on this machine (default: a free one)' },
    { name: 'output', value: 'DIR', help: 'write files for any static host in place of serving' },
  ],
  notes: `The embedded model answers, is scored and trains in the tab; after loading, the page asks the network for nothing.
Served, it answers this machine alone. Ctrl-C stops it.`,
  examples: ['rcsd page', 'rcsd page --port 8867', 'rcsd page --output site'],
  async run(args, { signal }) {
    const port = numberOption(args, 'port', 0, { min: 0, max: 65535, whole: true });
    const output = textOption(args, 'output', undefined);
    if (output === undefined) return untilStopped(await servePage(port), signal);
    writePage(resolve(output));
    print(`${join(output, 'index.html')}\n`);
  },
};
