/** What every reader of tables gives. */

/** One row; `where` is its place for messages, `key` its name where the file is an object of rows. */
export interface Row {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly where: string;
  readonly key?: string;
}
