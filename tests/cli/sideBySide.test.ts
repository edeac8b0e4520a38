import { expect, test } from 'vitest';
import { sideBySide } from '../../src/app/cli/shared/sideBySide';

const shown = (left: string, right: string, width = 43): string[] =>
  sideBySide(['student', left], ['teacher', right], width).split('\n').slice(2);

test('what only one text has stands alone, marked by the sign between the columns', () => {
  expect(shown('<user> Why ? <solve>', '<user> Why ? <rubric> because <solve>')).toEqual([
    '<user> Why ?         | <user> Why ?',
    '                     > <rubric> because',
    '<solve>              | <solve>',
  ]);
  expect(shown('a\nb\nc', 'a\nc\nd')).toEqual([
    'a                    | a',
    'b                    <',
    'c                    | c',
    '                     > d',
  ]);
});

test('the same texts carry no mark, and titles stand above them', () => {
  expect(sideBySide(['student sees', 'x y'], ['teacher sees', 'x y'], 43)).toBe(
    ['student sees         | teacher sees', `${'-'.repeat(20)} | ${'-'.repeat(20)}`, 'x y                  | x y'].join(
      '\n',
    ),
  );
});

test('long texts are cut, wrapped within their column, and control characters cannot reach the terminal', () => {
  const lines = shown(`${'word '.repeat(3000)}end`, 'x');
  expect(lines.join('')).not.toContain('end');
  expect(lines.join('')).toContain('more');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(43);
  const hostile = shown('\x1b[2J\x1b]0;title\x07a\tb\rc', '\u202eabc').join('\n');
  expect(hostile.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(hostile).toContain('[2J');
});
