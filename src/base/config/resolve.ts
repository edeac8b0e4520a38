/**
 * From a profile, a file and `name=value` pairs to one complete, checked configuration. Later wins: profile defaults, then
 * the file, then the pairs in order. Short names stand for the same setting of both stages.
 */
import { InputError } from '../records/errors';
import { readsRubrics, readsSetting, takesSetting } from './algorithms';
import { checkCombinations, checkFiles } from './combinations';
import { nearestName } from './nearest';
import { LOSS_SHAPES } from './policyGradient';
import { profileDefaults } from './profiles';
import { trainSettings } from './schema';
import type { Setting } from './setting';
import { type ConfigSources, type Entry, readEntries } from './sources';
import type { TrainConfig } from './train';

const NAMES: ReadonlySet<string> = new Set(trainSettings.settings.map((setting) => setting.name));

/** Groups whose members are also known by their own name: `learning_rate` is `stage1.optimizer.learning_rate` and so on. */
const OPEN_GROUPS = ['sampling.', 'optimizer.', 'grpo.', 'relatives.'];

/** Words that mean something else than "the setting of this name in both stages". */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  seed: ['seed.init', 'seed.data', 'seed.sampling'],
  rank: ['lora.rank'],
  alpha: ['lora.alpha'],
  thinking: [
    'stage1.thinking.student',
    'stage1.thinking.teacher',
    'stage2.thinking.student',
    'stage2.thinking.teacher',
  ],
  // Stage I's context is rubric_teacher_sees; these words are about the reasoner.
  teacher_context: ['stage2.teacher_context'],
  reason_first: ['stage2.reason_first'],
  reason_by: ['stage2.reason_by'],
  anti_mention: ['stage2.anti_mention'],
  rubric_teacher_sees: ['rubric_teacher_sees', 'stage1.teacher_context'],
  'stage1.teacher_context': ['rubric_teacher_sees', 'stage1.teacher_context'],
};

/** The full names that a name stands for; empty when it is unknown. */
function fullNames(name: string): readonly string[] {
  const alias = ALIASES[name];
  if (alias) return alias;
  if (NAMES.has(name)) return [name];
  const [, stage, rest] = /^(stage[12]\.)?(.*)$/.exec(name) ?? [];
  const stages = stage ? [stage] : ['stage1.', 'stage2.'];
  const plain = stages.map((prefix) => prefix + rest).filter((full) => NAMES.has(full));
  if (plain.length > 0) return plain;
  return OPEN_GROUPS.flatMap((group) => stages.map((prefix) => prefix + group + rest)).filter((full) =>
    NAMES.has(full),
  );
}

/** What kind of value a setting takes, by its full or short name; undefined for an unknown one. */
export function settingKind(name: string): Setting['kind'] | undefined {
  const full = fullNames(name)[0];
  return trainSettings.settings.find((setting) => setting.name === full)?.kind;
}

/** Every word accepted as the name of a setting, for suggestions. */
function acceptedNames(): Set<string> {
  const names = new Set([...NAMES, ...Object.keys(ALIASES)]);
  for (const name of NAMES) {
    const inner = name.replace(/^stage[12]\./, '');
    names.add(inner);
    for (const group of OPEN_GROUPS) if (inner.startsWith(group)) names.add(inner.slice(group.length));
  }
  return names;
}

function unknownSetting(name: string): InputError {
  const near = nearestName(name, acceptedNames());
  return new InputError(
    `There is no setting ${name}; ${near ? `did you mean ${near}?` : 'see `rcsd help train` for all of them.'}`,
  );
}

/** Checks one entry and spreads it over the full names it stands for. Throws InputError for an unknown name or a bad value. */
export function expandSetting({ name, value }: Entry): Entry[] {
  const names = fullNames(name);
  if (names.length === 0) throw unknownSetting(name);
  return names.map((full) => ({ name: full, value: trainSettings.check(full, value, name) }));
}

type Tree = Record<string, unknown>;

function setPath(tree: Tree, name: string, value: unknown): void {
  const keys = name.split('.');
  const last = keys.pop() as string;
  let node = tree;
  for (const key of keys) node = node[key] as Tree;
  node[last] = value;
}

/** The value under a full dotted name, e.g. `stage2.optimizer.learning_rate`. */
export function settingValue(config: TrainConfig, name: string): unknown {
  return name.split('.').reduce<unknown>((node, key) => (node as Tree)[key], config);
}

function pickDefaults(given: ReadonlyMap<string, unknown>): TrainConfig {
  const model = given.get('model');
  const data = given.get('data');
  const embedded =
    model === 'microscience' || String(data).startsWith('microscience') || (model === undefined && data === undefined);
  const profile = (given.get('profile') ?? (embedded ? 'microscience' : 'paper')) as TrainConfig['profile'];
  return profileDefaults(profile, (given.get('algorithm') ?? 'rcsd') as TrainConfig['algorithm']);
}

/** The name of a run that was given none: its algorithm and its model. */
export function defaultName({ algorithm, model }: TrainConfig): string {
  return `${algorithm}-${model.replace(/\/+$/, '').split('/').pop() ?? model}`;
}

/** Values that follow from others unless they are given: the run's name, a microbatch that divides the batch, what a loss type brings. */
function derive(config: TrainConfig, given: ReadonlyMap<string, unknown>, byHand: ReadonlySet<string>): void {
  const tree = config as unknown as Tree;
  if (!given.has('name')) setPath(tree, 'name', defaultName(config));
  if (readsSetting(config.algorithm, 'grpo.loss_type')) {
    // Another loss type than a finished run's brings its own, whatever is frozen in that run's file.
    const known = byHand.has('stage2.grpo.loss_type') ? byHand : given;
    const { aggregation, epsilon, epsilon_high } = LOSS_SHAPES[config.stage2.grpo.loss_type];
    const brought = { loss_aggregation: aggregation, 'grpo.epsilon': epsilon, 'grpo.epsilon_high': epsilon_high };
    for (const [name, value] of Object.entries(brought))
      if (!known.has(`stage2.${name}`)) setPath(tree, `stage2.${name}`, value);
  }
  for (const stage of ['stage1', 'stage2'] as const) {
    const { batch_size, microbatch_size } = config[stage];
    if (given.has(`${stage}.microbatch_size`)) continue;
    let size = Math.min(batch_size, microbatch_size);
    while (batch_size % size !== 0) size--;
    setPath(tree, `${stage}.microbatch_size`, size);
  }
}

/**
 * The complete configuration of a training run. Without a profile, `microscience` is taken for the embedded model or
 * data (and when neither model nor data is named), `paper` otherwise. Throws InputError for an unknown setting, a value of
 * the wrong type or out of range, and combinations that could not train.
 */
export function resolveTrainConfig(sources: ConfigSources): TrainConfig {
  const entries = readEntries(sources, expandSetting);
  const given = new Map(entries.map(({ name, value }) => [name, value]));
  // Through JSON, so that stages which share a group of defaults get one each.
  const config = JSON.parse(JSON.stringify(pickDefaults(given))) as TrainConfig;
  for (const [name, value] of given) setPath(config as unknown as Tree, name, value);
  const byHand = new Set(entries.filter(({ frozen }) => !frozen).map(({ name }) => name));
  derive(config, given, byHand);
  checkCombinations(config, byHand);
  if (!sources.onlyShown) checkFiles(config);
  return config;
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** The configuration as lines of `name = value`; what differs from the profile carries the profile's value behind it. */
export function describeConfig(config: TrainConfig): string {
  const defaults = profileDefaults(config.profile, config.algorithm);
  const { algorithm } = config;
  const used = trainSettings.settings
    .filter(({ name }) => algorithm === 'rcsd' || !/^(stage1\.|stages)/.test(name))
    .filter(({ name }) => takesSetting(algorithm, name))
    .filter(({ name }) => algorithm === 'rcsd' || readsRubrics(config) || !name.startsWith('rubric_'));
  const width = Math.max(...used.map(({ name }) => name.length));
  return used
    .filter(({ name }) => settingValue(config, name) !== undefined)
    .map(({ name }) => {
      const value = shown(settingValue(config, name));
      const usual = shown(settingValue(defaults, name) ?? 'none');
      return `${name.padEnd(width)} = ${value}${value === usual ? '' : `   (${config.profile}: ${usual})`}`;
    })
    .join('\n');
}
