/** Reads a sweep's YAML file: its parts with their lines, the names and values of all settings checked. */
import { basename, extname } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { nearestName } from '../../base/config/nearest';
import { parseYamlFile } from '../../base/config/yamlFile';
import { InputError } from '../../base/records/errors';
import { expandSetting } from '../../method/algorithms/settings';

/** One setting of the file: the name as written, the full names with their values, and where it stands. */
export interface SweepSetting {
  readonly name: string;
  readonly full: ReadonlyMap<string, unknown>;
  /** The value as it is shown and as `name=value` takes it. */
  readonly text: string;
  readonly line: number;
}

/** One setting of the grid with its values in order. */
export interface SweepAxis {
  readonly name: string;
  readonly values: readonly SweepSetting[];
}

/** A set of settings with a name, one of `runs`. */
export interface SweepRun {
  readonly label: string;
  readonly settings: readonly SweepSetting[];
  readonly line: number;
}

/** What is left out: runs of this label and these settings. */
export interface SweepExclusion {
  readonly label?: string;
  readonly settings: readonly SweepSetting[];
  readonly line: number;
}

/** The file as it stands. */
export interface SweepFile {
  readonly file: string;
  readonly name: string;
  readonly base: readonly SweepSetting[];
  readonly grid: readonly SweepAxis[];
  readonly runs: readonly SweepRun[];
  readonly exclude: readonly SweepExclusion[];
}

const PARTS = ['name', 'base', 'grid', 'runs', 'exclude'];

/** One `key: value` of a mapping; values are plain, `node` is kept for what stands inside. */
interface Member {
  readonly key: string;
  readonly node: unknown;
  readonly value: unknown;
  readonly line: number;
}

interface Reader {
  readonly document: Document.Parsed;
  refuse(line: number, message: string): never;
  lineOf(node: unknown): number;
}

/** Reads a sweep file. Throws InputError naming file, line and what to write instead. */
export function readSweepFile(file: string): SweepFile {
  const reader: Reader = openReader(file);
  const { document, refuse } = reader;
  if (!isMap(document.contents)) return refuse(1, 'a sweep is a mapping with base, grid and runs; see docs/sweeps.md.');
  const parts = new Map(members(reader, document.contents).map((part) => [part.key, part]));
  for (const { key, line } of parts.values()) {
    if (PARTS.includes(key)) continue;
    const near = nearestName(key, PARTS);
    refuse(line, `a sweep has no part ${key}; ${near ? `did you mean ${near}?` : 'put settings under base.'}`);
  }
  const part = (key: string): Member | undefined => parts.get(key);
  const items = (key: string): Member[] => sequence(reader, part(key), `${key} is a list; begin each item with "- ".`);
  const base = part('base');
  const grid = part('grid');
  const name = part('name');
  if (!grid && !part('runs')) refuse(1, 'there is nothing to vary; give a grid of settings, or a list of runs.');
  if (name && !/^[\w.+-]*\w[\w.+-]*$/.test(String(name.value)))
    refuse(name.line, `name must be one folder name of letters, digits, ".", "_", "+" and "-".`);
  return {
    file,
    name: name ? String(name.value) : basename(file, extname(file)),
    base: base ? settings(reader, base, 'base') : [],
    grid: grid ? axes(reader, grid) : [],
    runs: items('runs').map((item) => readRun(reader, item)),
    exclude: items('exclude').map((item) => readExclusion(reader, item)),
  };
}

function openReader(file: string): Reader {
  const { document, lineAt } = parseYamlFile(file);
  const lineOf = (node: unknown): number => lineAt((node as { range?: [number] } | null)?.range?.[0] ?? 0);
  const refuse = (line: number, message: string): never => {
    throw new InputError(`${file}, line ${line}: ${message}`);
  };
  return { document, lineOf, refuse };
}

const resolved = ({ document }: Reader, node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);

function plain({ document }: Reader, node: unknown): unknown {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.toJS(document) : (node ?? null);
}

function members(reader: Reader, map: YAMLMap): Member[] {
  return map.items.map(({ key, value }) => {
    const node = resolved(reader, value);
    return { key: String(plain(reader, key)), node, value: plain(reader, node), line: reader.lineOf(key) };
  });
}

/** The items of a list; `advice` is what its absence is answered with. */
function sequence(reader: Reader, member: Member | undefined, advice: string): Member[] {
  if (!member) return [];
  if (!isSeq(member.node)) return reader.refuse(member.line, advice);
  return member.node.items.map((item, i) => {
    const node = resolved(reader, item);
    return { key: String(i), node, value: plain(reader, node), line: reader.lineOf(item) };
  });
}

function mapping(reader: Reader, { node, line }: Member, what: string): Member[] {
  if (!isMap(node)) return reader.refuse(line, `${what} is a list of \`name: value\` lines.`);
  return members(reader, node);
}

/** Members whose values are no mappings, under dotted names. */
function leaves(reader: Reader, member: Member, what: string): Member[] {
  return mapping(reader, member, what).flatMap((inner) =>
    isMap(inner.node)
      ? leaves(reader, inner, what).map((leaf) => ({ ...leaf, key: `${inner.key}.${leaf.key}` }))
      : [inner],
  );
}

function settings(reader: Reader, member: Member, what: string): SweepSetting[] {
  return leaves(reader, member, what).map(({ key, value, line }) => setting(reader, { name: key, value, line }));
}

function setting(
  { refuse }: Reader,
  { name, value, line }: { readonly name: string; readonly value: unknown; readonly line: number },
): SweepSetting {
  if (name === 'name' || name === 'runs')
    refuse(line, `${name} is given to each run by the sweep; leave it out, or write ${name}=... on the command line.`);
  if (value === null || (typeof value === 'object' && !Array.isArray(value)))
    refuse(line, `${name} has no value; write ${name}: VALUE.`);
  try {
    const full = new Map(expandSetting({ name, value }).map((entry) => [entry.name, entry.value]));
    return { name, full, text: Array.isArray(value) ? value.join(',') : String(value), line };
  } catch (error) {
    if (error instanceof InputError) refuse(line, error.message);
    throw error;
  }
}

function axes(reader: Reader, grid: Member): SweepAxis[] {
  return leaves(reader, grid, 'grid').map((axis) => {
    const name = axis.key;
    const items = sequence(
      reader,
      axis,
      `${name} is no list; write ${name}: [${axis.value ?? 'VALUE'}], or put it under base.`,
    );
    if (items.length === 0) reader.refuse(axis.line, `${name} has no values; write ${name}: [VALUE, VALUE].`);
    const values = items.map(({ value, line }) => setting(reader, { name, value, line }));
    const twice = values.find(({ text }, i) => values.findIndex((each) => each.text === text) < i);
    if (twice) reader.refuse(twice.line, `${name} has the value ${twice.text} twice; leave one out.`);
    return { name, values };
  });
}

function readRun(reader: Reader, item: Member): SweepRun {
  const parts = new Map(mapping(reader, item, 'a run').map((part) => [part.key, part]));
  const { line } = item;
  const stray = [...parts.values()].find(({ key }) => key !== 'label' && key !== 'settings');
  if (stray) reader.refuse(stray.line, `a run has a label and settings; put ${stray.key} under settings.`);
  const label = parts.get('label');
  if (!label || String(label.value ?? '').trim() === '')
    reader.refuse(line, 'this run has no label; write label: NAME.');
  const own = parts.get('settings');
  return { label: String(label?.value), settings: own ? settings(reader, own, 'settings') : [], line };
}

function readExclusion(reader: Reader, item: Member): SweepExclusion {
  const parts = leaves(reader, item, 'an exclusion');
  if (parts.length === 0) reader.refuse(item.line, 'this exclusion is empty and would leave out every run; remove it.');
  const label = parts.find(({ key }) => key === 'label');
  const others = parts.filter((part) => part !== label);
  return {
    ...(label && { label: String(label.value) }),
    settings: others.map(({ key, value, line }) => setting(reader, { name: key, value, line })),
    line: item.line,
  };
}
