/** Where settings come from: YAML or JSON files, and `name=value` pairs. */
import { InputError } from '../records/errors';
import { shownValue } from '../records/printable';
import { SCHEMA_VERSION } from '../records/rows';
import type { SettingsTable } from './setting';
import { parseYamlFile } from './yamlFile';

/** Where settings come from, besides the defaults. */
export interface ConfigSources {
  /** A YAML or JSON file, or a run's config.json; nested names and dotted names are the same. */
  readonly file?: string;
  /** `name=value`, in order. */
  readonly overrides?: readonly string[];
  /** The settings are only looked at: files that they name need not be there. */
  readonly onlyShown?: boolean;
}

/** One setting as it was written. */
export interface Entry {
  readonly name: string;
  readonly value: unknown;
  /** Out of a run's config.json, which holds every setting: nothing that somebody asked for by name. */
  readonly frozen?: boolean;
}

function flatten(value: unknown, prefix: string): Entry[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [{ name: prefix, value }];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, prefix ? `${prefix}.${key}` : key));
}

/** Reads a YAML or JSON object. Throws InputError naming file and line. */
export function readSettingsFile(file: string): Record<string, unknown> {
  const value: unknown = parseYamlFile(file).document.toJS() ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${file}: a configuration is a list of \`name: value\` lines, or one JSON object.`);
  }
  return value as Record<string, unknown>;
}

function splitOverride(override: string): Entry {
  const at = override.indexOf('=');
  if (at < 1) throw new InputError(`${override} is not a setting; write name=value, for example steps=40.`);
  return { name: override.slice(0, at), value: override.slice(at + 1) };
}

/** The settings of a nested object, dots between the names; undefined values are left out. */
export const objectEntries = (settings: object): Entry[] =>
  flatten(settings, '').filter(({ value }) => value !== undefined);

function fileEntries(file: string, table: SettingsTable<unknown>): Entry[] {
  const content = readSettingsFile(file);
  const { schema_version: version, settings } = content;
  if (version === undefined || typeof settings !== 'object') return flatten(content, '');
  if (typeof version !== 'number' || version > SCHEMA_VERSION)
    throw new InputError(
      `${file}: schema_version is ${shownValue(version)}, and this version reads ${SCHEMA_VERSION} and older ones; update rcsd.`,
    );
  return flatten(table.parse(settings, { where: file, version }), '').map((entry) => ({ ...entry, frozen: true }));
}

/** How settings are checked as they are read. */
export interface EntryRules {
  /** One entry as those under full names that it stands for. */
  readonly expand: (entry: Entry) => Entry[];
  /** Reads a run's config.json. */
  readonly table: SettingsTable<unknown>;
}

/** All entries in order, file first, each expanded; what is wrong in a file is said with the file's name. */
export function readEntries({ file, overrides = [] }: ConfigSources, { expand, table }: EntryRules): Entry[] {
  const spread = (entry: Entry) => expand(entry).map((each) => ({ ...each, frozen: entry.frozen }));
  const given = overrides.map(splitOverride).flatMap(spread);
  if (file === undefined) return given;
  try {
    return [...fileEntries(file, table).flatMap(spread), ...given];
  } catch (error) {
    if (error instanceof InputError && !error.message.startsWith(file))
      throw new InputError(`${file}: ${error.message}`);
    throw error;
  }
}
