import { describe, expect, test } from 'vitest';
import { choiceOption, numberOption, parseArguments, textOption } from '../../src/app/cli/shared/arguments';
import { settingKind } from '../../src/method/algorithms/settings';

const rules = {
  command: 'train',
  options: [
    { name: 'config', value: 'FILE', help: '' },
    { name: 'resume', help: '' },
    { name: 'again', value: 'RUN', optional: true, help: '' },
    { name: 'max_rows', value: 'N', help: '' },
  ],
  settingKind,
};
const parse = (...words: string[]) => parseArguments(words, rules);

describe('settings and options', () => {
  test.each([
    [['steps=40'], ['steps=40']],
    [['--steps', '40'], ['steps=40']],
    [['--steps=40'], ['steps=40']],
    [['--stage2.learning-rate', '1e-4'], ['stage2.learning_rate=1e-4']],
    [['learning-rate=1e-4'], ['learning_rate=1e-4']],
    [['--weight_decay', '-1'], ['weight_decay=-1']],
    [['--reason_first'], ['reason_first=true']],
    [['--reason_first', 'false'], ['reason_first=false']],
    [
      ['--reason_first', 'steps=3'],
      ['reason_first=true', 'steps=3'],
    ],
    [['rubric_source=file:a=b.jsonl'], ['rubric_source=file:a=b.jsonl']],
    [['name='], ['name=']],
    [['--stepz', '4'], ['stepz=4']],
    [
      ['steps=1', '--steps', '2'],
      ['steps=1', 'steps=2'],
    ],
  ])('%j gives %j', (words, overrides) => {
    expect(parse(...words).overrides).toEqual(overrides);
  });

  test('may stand in any order', () => {
    const args = parse('--resume', 'steps=4', '--config', 'a.yaml', '--max-rows=3', 'config=b.yaml');
    expect(args.options).toEqual({ resume: true, config: 'b.yaml', max_rows: '3' });
    expect(args.overrides).toEqual(['steps=4']);
    expect(parse('resume=true').options).toEqual({ resume: true });
  });

  test('of an optional value may stand alone', () => {
    expect(parse('--again', 'runs/x').options).toEqual({ again: 'runs/x' });
    expect(parse('--again').options).toEqual({ again: true });
    expect(parse('--again', 'steps=3')).toMatchObject({ options: { again: true }, overrides: ['steps=3'] });
    expect(parse('--again', '--resume').options).toEqual({ again: true, resume: true });
  });

  test.each([
    [['--config'], '--config needs a value; write --config FILE.'],
    [['--config', '--resume'], '--config needs a value; write --config FILE.'],
    [['--steps'], '--steps needs a value; write --steps NUMBER.'],
    [['--resume=maybe'], '--resume is a switch; write --resume or leave it out.'],
    [['runs/first'], 'the argument "runs/first"'],
    [['-5'], 'the argument "-5"'],
    [['--', 'steps=1'], 'the argument "steps=1"'],
  ])('%j is refused', (words, message) => {
    expect(() => parse(...words)).toThrow(message);
  });
});

describe('commands without settings', () => {
  const plain = { command: 'tokenize', options: [{ name: 'input', value: 'FILE', help: '' }], positionals: true };

  test('take positionals, and everything behind -- as such', () => {
    expect(parseArguments(['a.json', 'x/y=z', '--', '--input', 'b'], plain).positionals).toEqual([
      'a.json',
      'x/y=z',
      '--input',
      'b',
    ]);
  });

  test('refuse other names with a suggestion', () => {
    expect(() => parseArguments(['--inptu', 'a'], plain)).toThrow(
      'rcsd tokenize has no option --inptu; did you mean --input?',
    );
    expect(() => parseArguments(['seed=1'], plain)).toThrow('has no option --seed; see `rcsd help tokenize`.');
  });

  test('show help for -h and --help, whatever else is there', () => {
    expect(parseArguments(['-h'], plain).help).toBe(true);
    expect(parseArguments(['--help', 'x'], { ...plain, positionals: false }).help).toBe(true);
  });
});

describe('values', () => {
  const args = parse('--config', 'a', '--max_rows', '2.5');
  const of = (value: string) => ({ ...args, options: { n: value } });

  test('have fallbacks', () => {
    expect([textOption(args, 'config', 'b'), textOption(args, 'other', 'b')]).toEqual(['a', 'b']);
    expect(numberOption(args, 'other', 7, { min: 0 })).toBe(7);
    expect(choiceOption(args, 'other', ['x', 'y'])).toBe('x');
  });

  test.each(['', ' ', 'x', '-1', '11', '2.5', 'Infinity', '1e999'])('%j is no whole number from 0 to 10', (value) => {
    expect(() => numberOption(of(value), 'n', 0, { min: 0, max: 10, whole: true })).toThrow(
      new RegExp(`^--n .* 0 or more, at most 10; .*"${value}"`),
    );
  });

  test('outside a choice, or empty, are refused', () => {
    expect(() => choiceOption(of('z'), 'n', ['x', 'y'])).toThrow('--n must be one of x, y; it is "z".');
    expect(() => textOption(of(''), 'n', 'b')).toThrow('--n is empty');
    expect(numberOption(of('1e1'), 'n', 0, { min: 0, max: 10, whole: true })).toBe(10);
  });
});
