/** YAML files with the lines of what stands in them; apart from sources.ts, so that no public type leads to yaml. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { InputError } from '../records/errors';

/** A parsed YAML file, and the line of an offset in it. */
export interface YamlFile {
  readonly document: Document.Parsed;
  lineAt(offset: number): number;
}

/** Parses a YAML or JSON file (JSON is a part of YAML). Throws InputError naming file and line. */
export function parseYamlFile(file: string): YamlFile {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch {
    throw new InputError(`${file}: the configuration file cannot be read; check its path.`);
  }
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const problem = document.errors[0];
  if (problem) {
    const line = problem.linePos?.[0].line ?? 1;
    const reason = problem.message.split(' at line ')[0];
    throw new InputError(`${file}, line ${line}: not valid ${extname(file) === '.json' ? 'JSON' : 'YAML'}: ${reason}.`);
  }
  return { document, lineAt: (offset) => lines.linePos(offset).line };
}
