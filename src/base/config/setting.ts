/** What a table of settings offers; apart from settings.ts, so that no public type leads to zod. */

/** One setting: its full dotted name, what it takes and what it means. */
export interface Setting {
  readonly name: string;
  readonly kind: 'number' | 'boolean' | 'text' | 'list';
  readonly allowed: string;
  readonly help: string;
}

/** All settings of one kind of run. */
export interface SettingsTable<Config> {
  /** In the order of the schema, under their full names. */
  readonly settings: readonly Setting[];
  /**
   * The value of one setting, converted from text where needed. `given` is the name the user wrote, for the message.
   * Throws InputError when the value is of the wrong type or out of range.
   */
  check(name: string, value: unknown, given?: string): unknown;
  /** A complete configuration. Throws InputError naming the first field that does not fit. */
  parse(json: unknown, where: string): Config;
}
