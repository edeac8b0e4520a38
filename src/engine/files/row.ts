/** The row type that all readers of tables return. */

/** One row. `where` is its place for messages; `key` is its name where the file is an object of rows. */
export interface Row {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly where: string;
  readonly key?: string;
}
