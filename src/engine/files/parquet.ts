/** Parquet tables as rows of JSON values. The library is an ES module, which Node 22 before 22.12 cannot load, so it is asked for here. */
import { InputError } from '../../base/records/errors';
import type { Row } from './row';

/** Rows that one file may hold; the published sets stay far below. */
const MOST_ROWS = 5_000_000;

/** Reads all rows; structs become objects, lists arrays, whole numbers numbers. Throws InputError for what is no such file. */
export async function parseParquet(bytes: Uint8Array, name: string): Promise<Row[]> {
  const file = {
    byteLength: bytes.byteLength,
    // A copy: the slice of a Buffer shares its memory.
    slice: (start: number, end?: number) => Promise.resolve(new Uint8Array(bytes.subarray(start, end)).buffer),
  };
  try {
    const [{ parquetMetadataAsync, parquetReadObjects }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ]);
    const metadata = await parquetMetadataAsync(file);
    if (metadata.num_rows > MOST_ROWS)
      throw new InputError(`${name} says that it holds ${metadata.num_rows} rows; at most ${MOST_ROWS} are read.`);
    const rows = await parquetReadObjects({ file, metadata, compressors });
    return rows.map((row, i) => ({
      fields: plain(row) as Record<string, unknown>,
      where: `${name} row ${i + 1}`,
    }));
  } catch (error) {
    if (error instanceof InputError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_REQUIRE_ESM')
      throw new InputError(
        `${name}: Parquet files need Node 22.12 or later, or 20.19 or later of Node 20; install one.`,
      );
    throw new InputError(`${name} is not a readable Parquet file (${(error as Error).message}); get it again.`);
  }
}

/** Values that survive a JSON round trip; whole numbers that a double cannot hold stay digits. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array ? null : Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  return value;
}
