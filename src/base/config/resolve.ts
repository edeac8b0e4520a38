/**
 * From a profile, a file and `name=value` pairs to one complete, checked configuration. Later wins: profile defaults, then the file,
 * then the pairs in order. A short name stands for the same setting of both stages.
 */
import { InputError } from '../records/errors';
import { type AlgorithmTraits, readsRubrics, readsSetting, takesSetting } from './algorithm';
import { checkCombinations, checkFiles } from './combinations';
import type { TrainConfig } from './configs';
import type { TrainInput } from './input';
import { nearestName } from './nearest';
import { LOSS_SHAPES } from './policyGradient';
import { defaultsOfProfile } from './profiles';
import type { Setting, SettingsTable } from './setting';
import { type ConfigSources, type Entry, objectEntries, readEntries } from './sources';
import { trainTable } from './trainSettings';

/** Everything about the settings of training runs, for the algorithms that it was made with. */
export interface TrainSettings {
  readonly table: SettingsTable<TrainConfig>;
  /** The defaults of a profile. Throws InputError where there is no such algorithm. */
  readonly defaults: (profile: TrainConfig['profile'], algorithm: string) => TrainConfig;
  /**
   * The complete configuration of a run. Without a profile, `microscience` is taken for the embedded model or data (and when neither
   * model nor data is named), `paper` otherwise. Throws InputError for an unknown setting, a value of the wrong type or out of
   * range, and combinations that could not train.
   */
  readonly resolve: (sources: ConfigSources & { readonly settings?: TrainInput }) => TrainConfig;
  /** The settings in a run's config.json, as the program that began the run understood them. Throws InputError where they do not fit. */
  readonly frozen: (
    config: { readonly schema_version: number; readonly settings: unknown },
    where: string,
  ) => TrainConfig;
  /** Lines of `name = value`; what differs from the profile carries the profile's value behind it. */
  readonly describe: (config: TrainConfig) => string;
  /** What kind of value a setting takes, by its full or short name; undefined for an unknown one. */
  readonly kind: (name: string) => Setting['kind'] | undefined;
  /** Checks one entry and spreads it over the full names it stands for. Throws InputError for an unknown name or a bad value. */
  readonly expand: (entry: Entry) => Entry[];
}

/** The settings of training runs with these algorithms, of which the first is the default. */
export function trainSettingsWith(algorithms: readonly AlgorithmTraits[]): TrainSettings {
  const table = trainTable(algorithms);
  const names = namesOf(table);
  const traitsOf = (name: string): AlgorithmTraits => {
    const traits = algorithms.find((each) => each.name === name);
    if (traits) return traits;
    throw new InputError(
      `There is no algorithm ${name}; use one of ${algorithms.map((each) => each.name).join(', ')}.`,
    );
  };
  const defaults: TrainSettings['defaults'] = (profile, algorithm) =>
    defaultsOfProfile(table.defaults, profile, traitsOf(algorithm));
  const expand: TrainSettings['expand'] = ({ name, value }) => {
    const full = names.full(name);
    if (full.length === 0) throw unknownSetting(name, names.accepted());
    return full.map((each) => ({ name: each, value: table.check(each, value, name) }));
  };
  return {
    table,
    defaults,
    expand,
    kind: (name) => table.settings.find((setting) => setting.name === names.full(name)[0])?.kind,
    frozen: ({ schema_version: version, settings }, where) => table.parse(settings, { where, version }),
    describe: (config) => describeConfig(config, { table, traits: traitsOf(config.algorithm), defaults }),
    resolve: ({ settings, ...sources }) => {
      const entries = [...objectEntries(settings ?? {}).flatMap(expand), ...readEntries(sources, { expand, table })];
      const given = new Map(entries.map(({ name, value }) => [name, value]));
      const algorithm = (given.get('algorithm') ?? algorithms[0]?.name) as string;
      // Through JSON, so that stages which share a group of defaults get one each.
      const config = JSON.parse(JSON.stringify(defaults(profileOf(given), algorithm))) as TrainConfig;
      for (const [name, value] of given) setPath(config as unknown as Tree, name, value);
      const byHand = new Set(entries.filter(({ frozen }) => !frozen).map(({ name }) => name));
      derive(config, { given, byHand, traits: traitsOf(algorithm) });
      checkCombinations(config, { given: byHand, traits: traitsOf(algorithm), algorithms });
      if (!sources.onlyShown) checkFiles(config);
      return config;
    },
  };
}

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
  teacher_mixture: ['stage2.teacher_mixture'],
  reason_first: ['stage2.reason_first'],
  reason_by: ['stage2.reason_by'],
  anti_mention: ['stage2.anti_mention'],
  rubric_teacher_sees: ['rubric_teacher_sees', 'stage1.teacher_context'],
  'stage1.teacher_context': ['rubric_teacher_sees', 'stage1.teacher_context'],
};

interface Names {
  /** The full names that a name stands for; empty when it is unknown. */
  readonly full: (name: string) => readonly string[];
  /** Every word that is accepted as the name of a setting, for suggestions. */
  readonly accepted: () => ReadonlySet<string>;
}

function namesOf({ settings }: SettingsTable<TrainConfig>): Names {
  const known = new Set(settings.map(({ name }) => name));
  const full = (name: string): readonly string[] => {
    const alias = ALIASES[name];
    if (alias) return alias;
    if (known.has(name)) return [name];
    const [, stage, rest] = /^(stage[12]\.)?(.*)$/.exec(name) ?? [];
    const stages = stage ? [stage] : ['stage1.', 'stage2.'];
    const plain = stages.map((prefix) => prefix + rest).filter((each) => known.has(each));
    if (plain.length > 0) return plain;
    return OPEN_GROUPS.flatMap((group) => stages.map((prefix) => prefix + group + rest)).filter((each) =>
      known.has(each),
    );
  };
  const accepted = (): ReadonlySet<string> => {
    const words = new Set([...known, ...Object.keys(ALIASES)]);
    for (const name of known) {
      const inner = name.replace(/^stage[12]\./, '');
      words.add(inner);
      for (const group of OPEN_GROUPS) if (inner.startsWith(group)) words.add(inner.slice(group.length));
    }
    return words;
  };
  return { full, accepted };
}

function unknownSetting(name: string, accepted: ReadonlySet<string>): InputError {
  const near = nearestName(name, accepted);
  return new InputError(
    `There is no setting ${name}; ${near ? `did you mean ${near}?` : 'see `rcsd help train` for all of them.'}`,
  );
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

function profileOf(given: ReadonlyMap<string, unknown>): TrainConfig['profile'] {
  const [model, data] = [given.get('model'), given.get('data')];
  const embedded =
    /^microscience(:|$)/.test(String(model)) ||
    String(data).startsWith('microscience') ||
    (model === undefined && data === undefined);
  return (given.get('profile') ?? (embedded ? 'microscience' : 'paper')) as TrainConfig['profile'];
}

/** The name of a run that was given none: its algorithm and its model. */
export function defaultName({ algorithm, model }: TrainConfig): string {
  return `${algorithm}-${model.replace(/\/+$/, '').split('/').pop() ?? model}`;
}

/** Answers to a question at each temperature of a decoding ladder. */
const LADDER_SAMPLES = 16;

/** Values that follow from others unless they are given: the run's name, a microbatch that divides the batch, what a loss type brings. */
function derive(
  config: TrainConfig,
  {
    given,
    byHand,
    traits,
  }: {
    readonly given: ReadonlyMap<string, unknown>;
    readonly byHand: ReadonlySet<string>;
    readonly traits: AlgorithmTraits;
  },
): void {
  const tree = config as unknown as Tree;
  // An embedded base is asked by its own world. The world is written out, so that a run's file says it when the default changes.
  if (!given.has('data') && /^microscience:/.test(config.model)) setPath(tree, 'data', config.model);
  if (!given.has('model') && /^microscience(-transfer)?:0$/.test(config.data)) setPath(tree, 'model', 'microscience:0');
  if (/^microscience(-transfer)?$/.test(config.data)) setPath(tree, 'data', `${config.data}:strata`);
  if (!given.has('name')) setPath(tree, 'name', defaultName(config));
  if (config.evaluation.ladder && !given.has('evaluation.samples')) setPath(tree, 'evaluation.samples', LADDER_SAMPLES);
  if (readsSetting(traits, 'grpo.loss_type')) {
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

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

function describeConfig(
  config: TrainConfig,
  { table, traits, defaults }: Pick<TrainSettings, 'table' | 'defaults'> & { readonly traits: AlgorithmTraits },
): string {
  const usual = defaults(config.profile, config.algorithm);
  const used = table.settings
    .filter(({ name }) => traits.rubricStage || !/^(stage1\.|stages)/.test(name))
    .filter(({ name }) => takesSetting(traits, name))
    .filter(({ name }) => traits.rubricStage || readsRubrics(traits, config.stage2) || !name.startsWith('rubric_'));
  const width = Math.max(...used.map(({ name }) => name.length));
  return used
    .filter(({ name }) => settingValue(config, name) !== undefined)
    .map(({ name }) => {
      const [value, other] = [shown(settingValue(config, name)), shown(settingValue(usual, name) ?? 'none')];
      return `${name.padEnd(width)} = ${value}${value === other ? '' : `   (${config.profile}: ${other})`}`;
    })
    .join('\n');
}
