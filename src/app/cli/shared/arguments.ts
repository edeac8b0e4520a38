/**
 * Parses the arguments of a command. Options and settings are written alike: `name=value`, `--name value`,
 * `--name=value`, or `--flag`; dashes and underscores inside a name are the same. Everything after `--` is positional.
 */
import { nearestName } from '../../../base/config/nearest';
import { InputError } from '../../../base/records/errors';

/** An option of a command. `value` is the placeholder in the help, e.g. `FILE`; without it the option is a flag. */
export interface Option {
  readonly name: string;
  readonly value?: string;
  /** The value may be left out; the option then counts as a flag. */
  readonly optional?: boolean;
  readonly help: string;
}

/** A command line, sorted into its kinds of arguments. */
export interface ParsedArguments {
  /** The command's own options by name; `true` for a flag. */
  readonly options: Readonly<Record<string, string | true>>;
  /** Settings of a training run as `name=value`, in order. */
  readonly overrides: readonly string[];
  readonly positionals: readonly string[];
  readonly help: boolean;
}

/** What a command accepts. */
export interface ArgumentRules {
  readonly command: string;
  readonly options: readonly Option[];
  readonly positionals?: boolean;
  /**
   * Kind of a training setting by any of its names; undefined for an unknown name. Absent if the command takes no
   * settings.
   */
  readonly settingKind?: (name: string) => string | undefined;
}

const canonical = (name: string): string => name.replaceAll('-', '_');

interface Written {
  readonly name: string;
  readonly value?: string;
  /** Whether it has leading dashes; the next word may then be its value. */
  readonly dashed: boolean;
}

/** Splits one word into name and value; undefined for a positional argument. */
function takeApart(word: string): Written | undefined {
  const dashed = /^--?(?=[A-Za-z])/.exec(word)?.[0];
  const bare = dashed ? word.slice(dashed.length) : word;
  const at = bare.indexOf('=');
  if (at < 0) return dashed ? { name: canonical(bare), dashed: true } : undefined;
  const name = bare.slice(0, at);
  if (!dashed && !/^[A-Za-z][\w.-]*$/.test(name)) return undefined;
  return { name: canonical(name), value: bare.slice(at + 1), dashed: dashed !== undefined };
}

/** Sorts the words after the command's name. Throws InputError for an unknown name or a missing value. */
export function parseArguments(words: readonly string[], rules: ArgumentRules): ParsedArguments {
  const options: Record<string, string | true> = {};
  const overrides: string[] = [];
  const positionals: string[] = [];
  let help = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === '--') {
      positionals.push(...words.slice(i + 1));
      break;
    }
    const written = takeApart(word);
    if (!written) {
      positionals.push(word);
      continue;
    }
    const { name } = written;
    if ((name === 'help' || name === 'h') && written.dashed) {
      help = true;
      continue;
    }
    const takes = kindOf(name, rules);
    const found = takeValue(written, takes, words[i + 1]);
    if (found.consumed) i++;
    if (takes.option) options[name] = found.value;
    else overrides.push(`${name}=${found.value}`);
  }
  checkPositionals(positionals, rules, help);
  return { options, overrides, positionals, help };
}

interface Kind {
  readonly option: boolean;
  readonly boolean: boolean;
  /** Whether the value may be left out. */
  readonly optional: boolean;
  readonly placeholder: string;
}

function kindOf(name: string, rules: ArgumentRules): Kind {
  const option = rules.options.find((each) => each.name === name);
  if (option) {
    const { value, optional = false } = option;
    return { option: true, boolean: value === undefined, optional, placeholder: value ?? 'true' };
  }
  const setting = rules.settingKind?.(name);
  if (setting)
    return { option: false, boolean: setting === 'boolean', optional: false, placeholder: setting.toUpperCase() };
  // An unknown setting is passed on to the configuration, which knows all names and suggests one.
  if (rules.settingKind) return { option: false, boolean: false, optional: true, placeholder: 'VALUE' };
  const names = rules.options.map((each) => each.name);
  const near = nearestName(name, names);
  const hint = near ? `did you mean --${near}?` : `see \`rcsd help ${rules.command}\`.`;
  throw new InputError(`rcsd ${rules.command} has no option --${name}; ${hint}`);
}

/** The value of a name: written with it, or the next word. A flag needs none. */
function takeValue(
  written: Written,
  takes: Kind,
  next: string | undefined,
): { value: string | true; consumed: boolean } {
  const { name, value } = written;
  if (takes.boolean && takes.option) {
    if (value === undefined || value === 'true') return { value: true, consumed: false };
    throw new InputError(`--${name} is a switch; write --${name} or leave it out.`);
  }
  if (value !== undefined) return { value, consumed: false };
  if (takes.boolean) {
    const follows = next === 'true' || next === 'false';
    return { value: follows ? next : 'true', consumed: follows };
  }
  if (takes.optional && (next === undefined || takeApart(next))) return { value: true, consumed: false };
  if (next === undefined || next.startsWith('--')) {
    throw new InputError(`--${name} needs a value; write --${name} ${takes.placeholder}.`);
  }
  return { value: next, consumed: true };
}

function checkPositionals(positionals: readonly string[], rules: ArgumentRules, help: boolean): void {
  const first = positionals[0];
  if (first === undefined || rules.positionals || help) return;
  throw new InputError(
    `rcsd ${rules.command} does not take the argument "${first}"; write settings as name=value, or see \`rcsd help ${rules.command}\`.`,
  );
}

/** The text of an option, or `fallback` if it was not given. */
export function textOption<T extends string | undefined>(args: ParsedArguments, name: string, fallback: T): string | T {
  const value = args.options[name];
  if (value === '') throw new InputError(`--${name} is empty; give it a value or leave it out.`);
  return typeof value === 'string' ? value : fallback;
}

/** An option whose value must be one of a few words; the first is the default. */
export function choiceOption<T extends string>(args: ParsedArguments, name: string, choices: readonly [T, ...T[]]): T {
  const value: string = textOption(args, name, choices[0]);
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new InputError(`--${name} must be one of ${choices.join(', ')}; it is "${value}".`);
  return found;
}

/** Both bounds are allowed, except that `above` excludes the lower one. */
export interface NumberRange {
  readonly min: number;
  readonly max?: number;
  readonly above?: boolean;
  /** Only whole numbers are allowed. */
  readonly whole?: boolean;
}

/** The number of an option, or `fallback` if it was not given. Throws InputError outside the range. */
export function numberOption(args: ParsedArguments, name: string, fallback: number, range: NumberRange): number {
  const text = args.options[name];
  if (text === undefined) return fallback;
  const { min, max, above = false, whole = false } = range;
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  const inRange = (above ? value > min : value >= min) && (max === undefined || value <= max);
  if (inRange && Number.isFinite(value) && (!whole || Number.isInteger(value))) return value;
  const lower = above ? `above ${min}` : `${min} or more`;
  const bounds = max === undefined ? lower : `${lower}, at most ${max}`;
  throw new InputError(`--${name} must be a ${whole ? 'whole number' : 'number'}, ${bounds}; it is "${text}".`);
}
