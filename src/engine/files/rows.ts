/**
 * Reads rows, with their places, from tables as they are published: JSON Lines, JSON, CSV or Parquet, as single files,
 * in a folder or in a zip archive.
 */

import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import { parseCsv } from './csv';
import { decodeUtf8, parseJson, parseJsonl, readBytes } from './jsonl';
import { parseParquet } from './parquet';
import type { Row } from './row';
import { unzip } from './zip';

/** One of the files behind a path. */
export interface Source {
  /** Path inside the folder or archive, with forward slashes. */
  readonly name: string;
  /** The file on disk; for a packed file, that of the archive. */
  readonly file: string;
  /** Name for messages. */
  readonly where: string;
  bytes(): Uint8Array;
}

const TABLES = /\.(?:jsonl|ndjson|json|csv|tsv|parquet)$/i;
const READ = /\.(?:jsonl|ndjson|json|csv|tsv|parquet|lst)$/i;
const MOST_FILES = 10_000;

/** Whether a file contains rows. */
export const isTable = ({ name }: Source): boolean => TABLES.test(name);

/**
 * The files behind a path, sorted by name: a single file with its `companions` from the same folder, all files below a
 * folder, or all members of an archive. Hidden files and links are skipped. Throws InputError when there is nothing to
 * read.
 */
export async function openSources(
  path: string,
  companions: (name: string) => readonly string[] = () => [],
): Promise<Source[]> {
  if (!existsSync(path)) throw new InputError(`There is no ${path}; give the file or folder that you downloaded.`);
  const folder = statSync(path).isDirectory();
  const beside = companions(basename(path)).map((name) => join(dirname(path), name));
  const files = folder ? filesBelow(path) : [path, ...beside.filter(existsSync)];
  const found: Source[] = [];
  for (const file of files) {
    const name = folder ? relative(path, file).split(sep).join('/') : basename(file);
    if (/\.zip$/i.test(file)) found.push(...(await members(file, folder ? `${name}/` : '')));
    else if (READ.test(file)) found.push({ name, file, where: file, bytes: () => readBytes(file) });
  }
  if (found.some(isTable)) return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  throw new InputError(
    `${path} contains no .jsonl, .json, .csv, .tsv, .parquet or .zip file; give the files as they were published.`,
  );
}

async function members(file: string, prefix: string): Promise<Source[]> {
  const packed = await unzip(file, (name) => READ.test(name) && !/(?:^|\/)(?:\.|__MACOSX)/.test(name));
  return packed.map(({ name, bytes }) => ({
    name: `${prefix}${name}`,
    file,
    where: `${file}:${name}`,
    bytes: () => bytes,
  }));
}

function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const file = join(path, entry.name);
      if (entry.isDirectory()) visit(file);
      else if (entry.isFile() || isLinkToFile(entry, file)) files.push(file);
      if (files.length > MOST_FILES)
        throw new InputError(
          `${folder} contains more than ${MOST_FILES} files; give the path of the one that you mean.`,
        );
    }
  };
  visit(folder);
  return files;
}

/** The cache of the hub has its files as links. Folders are not followed: they could lead in a circle. */
const isLinkToFile = (entry: Dirent, path: string): boolean =>
  entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The rows of a table, in order. Throws InputError naming file and line. */
export async function rowsOf(source: Source): Promise<Row[]> {
  const { where } = source;
  const extension = source.name.toLowerCase().split('.').at(-1);
  if (extension === 'parquet') return parseParquet(source.bytes(), where);
  if (extension === 'csv') return parseCsv(source.bytes(), where);
  if (extension === 'tsv') return parseCsv(source.bytes(), where, '\t');
  if (extension === 'json') return parseJsonRows(source.bytes(), where);
  return jsonLines(source.bytes(), where);
}

/** The lines of a text file without line ends; a line end at the end of the file starts no further line. */
export function linesOf(source: Source): string[] {
  const lines = decodeUtf8(source.bytes(), source.where).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function jsonLines(bytes: Uint8Array, name: string): Row[] {
  return parseJsonl(bytes, name, (fields, where) => {
    if (!isObject(fields)) throw new InputError(`${where}: a row must be a JSON object; correct or remove it.`);
    return { fields, where };
  });
}

/**
 * Rows of a JSON array of objects, of an object of objects, or of JSON Lines with the extension .json (as some data
 * sets are published).
 */
export function parseJsonRows(bytes: Uint8Array, name: string): Row[] {
  const text = decodeUtf8(bytes, name);
  if (isLines(text)) return jsonLines(bytes, name);
  const value = parseJson(text, name);
  // Keeps the order of the text: JavaScript would sort an object's keys that look like whole numbers.
  const places = itemPlaces(text);
  const items = places.map(({ key }, i) =>
    Array.isArray(value) ? value[i] : isObject(value) ? value[key as string] : undefined,
  );
  const wrong = items.findIndex((item) => !isObject(item));
  if (items.length === 0) throw new InputError(`${name} holds no rows; it needs a JSON array of objects.`);
  if (wrong >= 0)
    throw new InputError(`${name} line ${places[wrong]?.line}: a row must be a JSON object; correct or remove it.`);
  return items.map((item, i) => {
    const { key, line } = places[i] as ItemPlace;
    const where = `${name} line ${line}`;
    return { fields: item as Record<string, unknown>, where, ...(key !== undefined && { key }) };
  });
}

/** Whether the first line is a complete JSON object and more text follows. */
function isLines(text: string): boolean {
  const end = text.indexOf('\n');
  const first = (end < 0 ? text : text.slice(0, end)).trim();
  if (!first.startsWith('{') || !first.endsWith('}')) return false;
  try {
    return end >= 0 || !Object.values(JSON.parse(first) as object).every(isObject);
  } catch {
    return false;
  }
}

/** Line of an item of the outermost array or object, and its key if it is in an object. */
interface ItemPlace {
  readonly line: number;
  readonly key?: string;
}

/** The items of the outermost bracket in the order of the text, which must be valid JSON. */
function itemPlaces(text: string): ItemPlace[] {
  const places: ItemPlace[] = [];
  const inObject = text.trimStart().startsWith('{');
  let [line, depth] = [1, 0];
  let fresh = false;
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},\n]|[^\s"[\]{},:]+/g)) {
    if (token === '\n') line++;
    else if (token === ',') fresh = depth === 1;
    else {
      if (fresh && token !== ']' && token !== '}')
        places.push({ line, ...(inObject && { key: JSON.parse(token) as string }) });
      fresh = false;
      if (token === '{' || token === '[') fresh = depth++ === 0;
      else if (token === '}' || token === ']') depth--;
    }
  }
  return places;
}
