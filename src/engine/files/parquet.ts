/**
 * Reads Parquet tables as rows of JSON values. The library is an ES module, which Node 22 before 22.12 cannot load; it
 * is therefore loaded only when a Parquet file is read.
 */
import type { FileMetaData, SchemaTree } from 'hyparquet';
import { InputError } from '../../base/records/errors';
import type { Row } from './row';

/** Largest number of rows in a file; published data sets stay far below. */
const MOST_ROWS = 5_000_000;

/**
 * Reads all rows. Structs become objects, lists become arrays, and whole numbers become numbers. Throws InputError for
 * anything that is not a Parquet file.
 */
export async function parseParquet(bytes: Uint8Array, name: string): Promise<Row[]> {
  const file = {
    byteLength: bytes.byteLength,
    // Must be a copy, because a slice of a Buffer shares its memory.
    slice: (start: number, end?: number) => Promise.resolve(new Uint8Array(bytes.subarray(start, end)).buffer),
  };
  try {
    const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ]);
    const metadata = await parquetMetadataAsync(file);
    if (metadata.num_rows > MOST_ROWS)
      throw new InputError(`${name} has ${metadata.num_rows} rows; at most ${MOST_ROWS} can be read.`);
    requireAllColumns(metadata, parquetSchema(metadata), name);
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

/**
 * Each group of rows must hold every column of the schema once, and together the rows that the file announces. A column more would be
 * read by the library without being waited for, so that nobody could catch its error; a column less would be missing in silence.
 */
function requireAllColumns({ row_groups: groups, num_rows }: FileMetaData, schema: SchemaTree, name: string): void {
  const leaves = ({ path, children }: SchemaTree): string[] =>
    children.length === 0 ? [JSON.stringify(path)] : children.flatMap(leaves);
  const wanted = leaves(schema).sort().join();
  const held = groups.map(({ columns }) => columns.map(({ meta_data }) => JSON.stringify(meta_data?.path_in_schema)));
  if (
    held.some((paths) => paths.sort().join() !== wanted) ||
    groups.reduce((n, each) => n + each.num_rows, 0n) !== num_rows
  )
    throw new InputError(`${name} is damaged: its columns or rows are not those that it announces; get it again.`);
}

/** Converts a value to one that JSON can represent; whole numbers too large for a double become strings of digits. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array ? null : Array.from(value as Float64Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  return value;
}
