/**
 * Reads zip archives into memory. Number and size of the files are limited, and a name that leads out of the archive is
 * refused.
 */
import { crc32 } from 'node:zlib';
import { type Entry, open, type ZipFile } from 'yauzl';
import { InputError } from '../../base/records/errors';

/** The most that an archive may contain: entries, and bytes after unpacking. */
export interface ZipLimits {
  readonly entries: number;
  readonly bytes: number;
}

const LIMITS: ZipLimits = { entries: 10_000, bytes: 2 ** 31 };

/** A file from an archive; `name` has forward slashes. */
export interface Unzipped {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Unpacks the files that `accept` selects. Throws InputError for archives that are damaged, encrypted, too large or
 * malicious.
 */
export async function unzip(
  path: string,
  accept: (name: string) => boolean,
  limits: ZipLimits = LIMITS,
): Promise<Unzipped[]> {
  const files: Unzipped[] = [];
  let left = limits.bytes;
  const refuse = (problem: string): never => {
    throw new InputError(`${path} ${problem}`);
  };
  try {
    const zip = await openZip(path);
    if (zip.entryCount > limits.entries)
      refuse(
        `contains ${zip.entryCount} entries, more than the ${limits.entries} that can be read; unpack it yourself.`,
      );
    for await (const entry of entriesOf(zip)) {
      if (entry.fileName.endsWith('/') || !accept(entry.fileName)) continue;
      if (entry.isEncrypted()) refuse('is encrypted; unpack it with the password that its publisher gives.');
      left -= entry.uncompressedSize;
      if (left < 0) refuse(`would unpack to more than ${limits.bytes} bytes; unpack it yourself if you trust it.`);
      files.push({ name: entry.fileName, bytes: await contentOf(zip, entry) });
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    refuse(`is not a readable zip archive (${(error as Error).message}); get it again.`);
  }
  return files;
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) =>
    open(path, { lazyEntries: true, autoClose: true }, (error, zip) => (error ? reject(error) : resolve(zip))),
  );
}

/** The entries one by one; the library refuses names that are absolute or lead upwards. */
async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    for (let i = 0; i < zip.entryCount; i++) {
      yield await new Promise<Entry>((resolve, reject) => {
        zip.once('entry', resolve);
        zip.once('error', reject);
        zip.readEntry();
      });
    }
  } finally {
    zip.close();
  }
}

/** Unpacked bytes; the library stops when they exceed the size that the entry states. */
function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => {
        const bytes = Buffer.concat(chunks);
        if (crc32(bytes) === entry.crc32) resolve(bytes);
        else reject(new Error(`the checksum of ${entry.fileName} does not hold`));
      });
    }),
  );
}
