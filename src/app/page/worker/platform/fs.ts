/**
 * node:fs in a tab: files are in memory, and gone with the tab. It has what training and opening a model use, so that a run folder is
 * written by the same code as on a disk.
 */

/** A file's bytes; the array may be longer than the file. */
interface File {
  bytes: Uint8Array;
  size: number;
  changed: number;
}

const files = new Map<string, File>();
const folders = new Set(['/']);
const handles = new Map<number, { readonly file: File; position: number; readonly appends: boolean }>();
let opened = 2;
const EMPTY: File = { bytes: new Uint8Array(0), size: 0, changed: 0 };

/** An error as the system's: its code is what callers look at. */
function refusal(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

const plain = (path: string): string => (path.length > 1 ? path.replace(/\/$/, '') : path);
const above = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
const inside = (path: string, folder: string): boolean => path.startsWith(folder === '/' ? '/' : `${folder}/`);

function fileAt(path: string): File {
  const file = files.get(path);
  if (file) return file;
  throw refusal(folders.has(plain(path)) ? 'EISDIR' : 'ENOENT', path);
}

function fileOf(fd: number) {
  const handle = handles.get(fd);
  if (handle) return handle;
  throw refusal('EBADF', String(fd));
}

function fresh(path: string): File {
  if (!folders.has(above(path))) throw refusal('ENOENT', path);
  const file = { bytes: new Uint8Array(1024), size: 0, changed: Date.now() };
  files.set(path, file);
  return file;
}

function write(file: File, data: Uint8Array, at: number): void {
  const end = at + data.length;
  if (end > file.bytes.length) {
    const larger = new Uint8Array(Math.max(end, 2 * file.bytes.length));
    larger.set(file.bytes.subarray(0, file.size));
    file.bytes = larger;
  }
  file.bytes.set(data, at);
  file.size = Math.max(file.size, end);
  file.changed = Date.now();
}

export const existsSync = (path: string): boolean => files.has(path) || folders.has(plain(path));

const stats = (file: File | undefined) => ({
  size: file?.size ?? 0,
  mtimeMs: file?.changed ?? 0,
  isFile: () => file !== undefined,
  isDirectory: () => file === undefined,
});

export function statSync(path: string, options: { throwIfNoEntry?: boolean } = {}) {
  if (existsSync(path)) return { ...stats(files.get(path)), ino: path };
  if (options.throwIfNoEntry === false) return undefined;
  throw refusal('ENOENT', path);
}

export const fstatSync = (fd: number) => stats(fileOf(fd).file);

export function readFileSync(path: string, encoding?: string): Uint8Array | string {
  const { bytes, size } = fileAt(path);
  const copy = Buffer.from(bytes.slice(0, size));
  return encoding === undefined ? copy : copy.toString('utf8');
}

export function writeFileSync(path: string, data: string | Uint8Array): void {
  write(fresh(path), typeof data === 'string' ? Buffer.from(data) : data, 0);
}

export function openSync(path: string, flags = 'r'): number {
  const there = files.get(path);
  const file = flags === 'w' || (flags === 'a' && !there) ? fresh(path) : there;
  // A folder can be opened, to be synchronised.
  if (!file && !folders.has(plain(path))) throw refusal('ENOENT', path);
  handles.set(++opened, { file: file ?? EMPTY, position: 0, appends: flags === 'a' });
  return opened;
}

export function closeSync(fd: number): void {
  handles.delete(fd);
}

export function readSync(
  fd: number,
  into: Uint8Array,
  offset = 0,
  length = into.length,
  position?: number | null,
): number {
  const handle = fileOf(fd);
  const from = position ?? handle.position;
  const part = handle.file.bytes.subarray(from, Math.min(handle.file.size, from + length));
  into.set(part, offset);
  if (position === undefined || position === null) handle.position += part.length;
  return part.length;
}

export function writeSync(
  fd: number,
  data: Uint8Array,
  offset = 0,
  length = data.length,
  position?: number | null,
): number {
  const handle = fileOf(fd);
  const at = handle.appends ? handle.file.size : (position ?? handle.position);
  write(handle.file, data.subarray(offset, offset + length), at);
  if (position === undefined || position === null) handle.position = at + length;
  return length;
}

export function ftruncateSync(fd: number, size: number): void {
  fileOf(fd).file.size = size;
}

/** Memory is as safe as it gets. */
export function fsyncSync(): void {}

export function mkdirSync(path: string, { recursive = false } = {}): void {
  const own = plain(path);
  if (existsSync(own)) {
    if (recursive) return;
    throw refusal('EEXIST', path);
  }
  if (recursive && !folders.has(above(own))) mkdirSync(above(own), { recursive });
  if (!folders.has(above(own))) throw refusal('ENOENT', path);
  folders.add(own);
}

export function readdirSync(path: string, { withFileTypes = false } = {}) {
  const folder = plain(path);
  if (!folders.has(folder)) throw refusal('ENOENT', path);
  const here = [...files.keys(), ...folders].filter((own) => own !== folder && above(own) === folder).sort();
  return here.map((own) => {
    const name = own.slice(above(own).length).replace('/', '');
    return withFileTypes ? { name, isFile: () => files.has(own), isDirectory: () => folders.has(own) } : name;
  });
}

export function renameSync(from: string, to: string): void {
  const [old, own] = [plain(from), plain(to)];
  if (!existsSync(old)) throw refusal('ENOENT', from);
  const moved = (path: string): string => own + path.slice(old.length);
  for (const [path, file] of [...files])
    if (path === old || inside(path, old)) {
      files.delete(path);
      files.set(moved(path), file);
    }
  for (const path of [...folders])
    if (path === old || inside(path, old)) {
      folders.delete(path);
      folders.add(moved(path));
    }
}

export function rmSync(path: string, { force = false } = {}): void {
  const own = plain(path);
  if (!existsSync(own) && !force) throw refusal('ENOENT', path);
  for (const name of [...files.keys()]) if (name === own || inside(name, own)) files.delete(name);
  for (const name of [...folders]) if (name === own || inside(name, own)) folders.delete(name);
}

export function linkSync(from: string, to: string): void {
  if (existsSync(to)) throw refusal('EEXIST', to);
  files.set(to, fileAt(from));
}

export function copyFileSync(from: string, to: string): void {
  writeFileSync(to, readFileSync(from) as Uint8Array);
}

/** There are no links. */
export function readlinkSync(path: string): never {
  throw refusal('ENOENT', path);
}

export const constants = { COPYFILE_EXCL: 1 };

/** All files of a folder by their names in it. */
export function filesIn(folder: string): Record<string, Uint8Array> {
  const own = [...files].filter(([path]) => inside(path, folder));
  return Object.fromEntries(
    own.map(([path, { bytes, size }]) => [path.slice(folder.length + 1), bytes.slice(0, size)]),
  );
}
