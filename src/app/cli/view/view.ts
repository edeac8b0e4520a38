/** `rcsd view`: leaf through what models wrote, live while they train, or write that as static files. */
import { join, resolve } from 'node:path';
import { writeBundle } from '../../view/bundle';
import { openDocuments } from '../../view/documents';
import { serveView } from '../../view/server';
import { numberOption, textOption } from '../shared/arguments';
import type { Command } from '../shared/command';
import { print } from '../shared/print';
import { untilStopped } from './untilStopped';

export const command: Command = {
  positionals: '[RUN ...]',
  options: [
    { name: 'port', value: 'N', help: 'port on this machine (default: a free one)' },
    { name: 'bundle', value: 'DIR', help: 'write static files in place of serving; index.html opens without a server' },
  ],
  notes: `RUN is a run folder or a folder of runs (default: runs). The viewer shows answers over steps, rubrics, both sides'
likeliest next tokens, curves of several runs, settings and scores, and goes on reading while a run trains. It answers this
machine alone, to whoever has the address that it prints. Ctrl-C stops it.`,
  examples: ['rcsd view', 'rcsd view runs/quickstart --port 8866', 'rcsd view runs/quickstart --bundle site'],
  async run(args, { signal }) {
    const { positionals } = args;
    const port = numberOption(args, 'port', 0, { min: 0, max: 65535, whole: true });
    const bundle = textOption(args, 'bundle', undefined);
    const documents = openDocuments(positionals.length > 0 ? positionals : ['runs']);
    if (bundle !== undefined) {
      writeBundle(documents, resolve(bundle));
      print(`${join(bundle, 'index.html')}\n`);
      return;
    }
    await untilStopped(await serveView(documents, port), signal);
  },
};
