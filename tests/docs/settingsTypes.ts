/** The TypeScript types of the settings, written out of their declarations, so that an editor and a notebook show their help. */
import { isGroup } from '../../src/base/config/declare';
import { PRETRAIN } from '../../src/base/config/pretrain';
import type { Declaration, Declarations, Group } from '../../src/base/config/setting';
import { SPEED } from '../../src/base/config/speed';
import { declarations } from '../../src/base/config/trainSettings';
import { ALGORITHMS } from '../../src/method/algorithms';

const COMMAND = '`DOCS=write npx vitest run tests/docs/settings.test.ts`';
/** Groups of a stage whose members are settings of their own as well. */
const OPEN = ['sampling', 'optimizer', 'grpo', 'relatives'];

const comment = (text: string): string => `  /** ${text.replaceAll('*/', '* /')} */\n`;

const meaning = ({ help, allowed }: Declaration): string =>
  allowed === 'text that is not empty' || allowed === 'true or false' ? `${help}.` : `${help}: ${allowed}.`;

function configMember(name: string, entry: Declaration | Group): string {
  if (isGroup(entry)) return `  readonly ${name}: ${entry.type};\n`;
  return `${comment(meaning(entry))}  readonly ${name}${entry.default === undefined ? '?' : ''}: ${entry.type};\n`;
}

/** The interfaces of a configuration, inner ones first, each once. */
function interfaces(name: string, all: Declarations, known = new Set<string>()): string[] {
  const inner = Object.values(all).flatMap((entry) =>
    isGroup(entry) && !known.has(entry.type) ? interfaces(entry.type, entry.members, known) : [],
  );
  if (known.has(name)) return inner;
  known.add(name);
  const members = Object.entries(all).map(([key, entry]) => configMember(key, entry));
  return [...inner, `export interface ${name} {\n${members.join('')}}\n`];
}

/** The settings that single algorithms declare, which stand in a file of their own. */
const OWN = 'RelativeSettings';

/** The text of src/base/config/configs.ts. */
export const configsText = (): string =>
  [
    `/** The complete settings of a training run. Written by ${COMMAND} out of the declarations in trainSettings.ts. */\nimport type { ${OWN} } from './generated/relativeConfigs';\n`,
    ...interfaces('TrainConfig', declarations(ALGORITHMS), new Set([OWN])),
  ].join('\n');

/** The text of src/base/config/generated/relativeConfigs.ts. */
export const relativeConfigsText = (): string =>
  [
    `/** The settings of a training run that single algorithms have for themselves. Written by ${COMMAND} out of the declarations in method/algorithms. */\n`,
    ...interfaces(OWN, Object.assign({}, ...ALGORITHMS.map(({ settings }) => settings))),
  ].join('\n');

/** The text of src/base/config/generated/otherConfigs.ts. */
export const otherConfigsText = (): string =>
  [
    `/** The complete settings of pretraining and of a measurement of speed. Written by ${COMMAND} out of the declarations in pretrain.ts and speed.ts. */\n`,
    ...interfaces('PretrainConfig', PRETRAIN),
    ...interfaces('SpeedConfig', SPEED),
  ].join('\n');

interface Shown {
  readonly entry: Declaration;
  readonly defaults: readonly unknown[];
}

const text = (value: unknown): string => (Array.isArray(value) ? value.join(',') || 'none' : String(value));

function inputMember(name: string, { entry, defaults }: Shown): string {
  const values = [...new Set(defaults.map(text))].join(' | ');
  const usual = entry.default === undefined ? '' : ` Default: ${values}.`;
  return `${comment(`${meaning(entry)}${usual}`)}  readonly ${name}?: ${entry.type};\n`;
}

const inputGroup = (name: string, { type }: Group): string => `  readonly ${name}?: Partial<${type}>;\n`;

/** The text of src/base/config/input.ts. */
export function inputText(): string {
  const all = declarations(ALGORITHMS);
  const [stage1, stage2] = [all.stage1, all.stage2].map((stage) => (stage as Group).members) as [
    Declarations,
    Declarations,
  ];
  const both = (path: readonly string[]): unknown[] =>
    [stage1, stage2].map((stage) => {
      const entry = path.reduce<Declaration | Group | undefined>(
        (node, key) => (node && isGroup(node) ? node.members[key] : undefined),
        { type: '', members: stage },
      );
      return (entry as Declaration).default;
    });
  const stage: string[] = [];
  for (const [name, entry] of Object.entries(stage1)) {
    if (!isGroup(entry)) stage.push(inputMember(name, { entry, defaults: both([name]) }));
    else if (name !== 'thinking') stage.push(inputGroup(name, entry));
    if (!isGroup(entry) || !OPEN.includes(name)) continue;
    for (const [inner, member] of Object.entries(entry.members))
      if (!isGroup(member) && !(inner in stage1))
        stage.push(inputMember(inner, { entry: member, defaults: both([name, inner]) }));
  }
  const top = Object.entries(all).flatMap(([name, entry]) => {
    if (name === 'stage1' || name === 'stage2') return [];
    if (!isGroup(entry)) return [inputMember(name, { entry, defaults: [entry.default] })];
    return name === 'seed' ? [] : [inputGroup(name, entry)];
  });
  const lora = (all.lora as Group).members as Record<string, Declaration>;
  const alias = (name: string) =>
    inputMember(name, { entry: lora[name] as Declaration, defaults: [lora[name]?.default] });
  const imports = ['EvaluationSettings', 'GrpoSettings', 'LoraSettings', 'OptimizerSettings'];
  const more = [
    'BatchSettings',
    'ReasonSamplingSettings',
    'SamplingSettings',
    'SeedSettings',
    'ThinkingSettings',
    'ValidationSettings',
  ];
  return [
    `/** Settings as one writes them: those that differ from the profile, under their own or their short names. Written by ${COMMAND} like configs.ts; the defaults are those of profile paper (stage I | stage II). */`,
    `import type { ${[...imports, ...more].sort().join(', ')} } from './configs';\nimport type { ${OWN} } from './generated/relativeConfigs';\n`,
    `/** Settings of one stage. */\nexport interface StageInput {\n${stage.join('')}${comment("thinking mode of the chat template in both views, or in the student's and the teacher's.")}  readonly thinking?: boolean | Partial<ThinkingSettings>;\n}\n`,
    `/** Settings of a run; those of a stage hold for both stages unless they stand in \`stage1\` or \`stage2\`. */\nexport interface TrainInput extends StageInput {\n${top.join('')}${comment('one seed for everything, or one each for init, data and sampling. Default: 42.')}  readonly seed?: number | Partial<SeedSettings>;\n${alias('rank')}${alias('alpha')}${comment('the stage that learns to write rubrics.')}  readonly stage1?: StageInput;\n${comment('the stage that learns to answer.')}  readonly stage2?: StageInput;\n}\n`,
  ].join('\n');
}
