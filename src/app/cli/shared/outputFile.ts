/** The file that long work ends in, looked at before the work begins. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { requireWritable } from '../../../base/records/atomic';
import { InputError } from '../../../base/records/errors';
import { type ParsedArguments, textOption } from './arguments';

/**
 * The file that an option names, `-` for the standard output; undefined without the option. Throws InputError where no file can be
 * written there.
 */
export function outputFile(args: ParsedArguments, name = 'output'): string | undefined {
  const path = textOption(args, name, undefined);
  if (path === undefined || path === '-') return path;
  requireWritable(dirname(path));
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`--${name} ${path} is a folder; name a file.`);
  return path;
}
