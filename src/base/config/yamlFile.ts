/** YAML files with the lines of what stands in them; apart from sources.ts, so that no public type leads to yaml. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { type Document, isAlias, isCollection, isPair, LineCounter, parseDocument } from 'yaml';
import { InputError } from '../records/errors';

/** Deepest nesting, and most values, of a file. */
const DEEPEST = 50;
const MOST = 100_000;

/** A parsed YAML file, and the line of an offset in it. */
export interface YamlFile {
  readonly document: Document.Parsed;
  lineAt(offset: number): number;
}

/** Parses a YAML or JSON file (JSON is a part of YAML). Throws InputError naming file and line; no alias in it leads to itself. */
export function parseYamlFile(file: string): YamlFile {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch {
    throw new InputError(`${file}: the configuration file cannot be read; check its path.`);
  }
  const lines = new LineCounter();
  const document = parse(source, file, lines);
  const problem = document.errors[0];
  if (problem) {
    const line = problem.linePos?.[0].line ?? 1;
    const reason = problem.message.split(' at line ')[0];
    throw new InputError(`${file}, line ${line}: not valid ${extname(file) === '.json' ? 'JSON' : 'YAML'}: ${reason}.`);
  }
  requireSmall(document, file);
  return { document, lineAt: (offset) => lines.linePos(offset).line };
}

function parse(source: string, file: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(source, { lineCounter });
  } catch (error) {
    // The library reads by recursion.
    if (error instanceof RangeError) throw tooLarge(file);
    throw error;
  }
}

const tooLarge = (file: string): InputError =>
  new InputError(
    `${file} is nested more than ${DEEPEST} deep, or its aliases make more than ${MOST} values of it; write it flat.`,
  );

/** Follows every alias, so that one that leads to itself or doubles again and again is refused before it is unfolded. */
function requireSmall(document: Document.Parsed, file: string): void {
  const open: [unknown, number][] = [[document.contents, 0]];
  let seen = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const [node, depth] = next;
    // To find what an alias stands for, the library looks through the document.
    seen += isAlias(node) ? 100 : 1;
    if (depth > DEEPEST || seen > MOST) throw tooLarge(file);
    const inner = isAlias(node)
      ? [node.resolve(document)]
      : isCollection(node)
        ? node.items.flatMap((item) => (isPair(item) ? [item.key, item.value] : [item]))
        : [];
    if (isAlias(node) && inner[0] === undefined)
      throw new InputError(`${file}: the alias *${node.source} has no anchor before it; write &${node.source} there.`);
    for (const each of inner) open.push([each, depth + 1]);
  }
}
