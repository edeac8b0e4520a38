/** What is known of a setting: everything that the help, the docs, the frozen config and a check of its value are made of. */

/** One setting, under its full dotted name. */
export interface Setting {
  readonly name: string;
  readonly kind: 'number' | 'boolean' | 'text' | 'list';
  /** What a value may be, in words. */
  readonly allowed: string;
  readonly help: string;
  /** Undefined where a run need not have it. */
  readonly default: unknown;
  /** `schema_version` of the first config.json that has it. */
  readonly since: number;
  /** What programs before `since` did, where that is not the default. */
  readonly before?: unknown;
  /** Words that had another meaning in a config.json before this `schema_version`, and what they are called now. */
  readonly renamed?: { readonly since: number; readonly words: Readonly<Record<string, string>> };
  /** Commands that take it besides those that take every setting of a run. */
  readonly commands: readonly string[];
  /** Its TypeScript type. */
  readonly type: string;
}

/** One setting, declared. No public type leads to zod, whose declarations the notebook kernel cannot read. */
export interface Declaration extends Omit<Setting, 'name'> {
  readonly schema: { safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown } };
}

/** Settings that belong together; `type` is the name of their TypeScript interface. */
export interface Group {
  readonly type: string;
  readonly members: Declarations;
}

/** Settings and groups by their names. */
export interface Declarations {
  readonly [name: string]: Declaration | Group;
}

/** All settings of one kind of run. */
export interface SettingsTable<Config> {
  /** In the order of their declaration. */
  readonly settings: readonly Setting[];
  readonly defaults: Config;
  /**
   * The value of one setting, converted from text where needed. `given` is the name that the user wrote, for the message.
   * Throws InputError when the value is of the wrong type or out of range.
   */
  check(name: string, value: unknown, given?: string): unknown;
  /**
   * The configuration in a file that was written at `version` of the schema: settings that came later get the value of what the
   * program did then. Throws InputError naming the first field that is missing, unknown or out of range.
   */
  parse(json: unknown, file: { readonly where: string; readonly version: number }): Config;
  /** The same for settings that are not checked; `group` is the name of the group that they are, of all settings by default. */
  complete(json: unknown, version: number, group?: string): unknown;
}
