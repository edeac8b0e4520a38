import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { InputError, MESSAGE_LIMIT } from '../../src/base/records/errors';
import { escapeUnprintable, markUnprintable, printable, shellWord, shownValue } from '../../src/base/records/printable';
import { progressPrinter } from '../../src/base/records/progress';
import { csv } from '../../src/engine/files/csv';

const NASTY = [
  '\u001b[31m',
  '\r',
  '\u009b',
  '\u0007',
  '\u202e',
  '\u2066',
  '\u200e',
  '\u2028',
  '\ud800',
  '\u007f',
  '\ufeff',
];

describe('text of others', () => {
  it('has a mark in place of what would steer a terminal, and keeps words of every script', () => {
    for (const text of NASTY) {
      expect(markUnprintable(`a${text}b`)).toMatch(/^a\ufffd(?:\[31m)?b$/);
      expect(printable(`a${text}b`)).toMatch(/^a\ufffd(?:\[31m)?b$/);
      expect(new InputError(`a${text}b`).message).toMatch(/^a\ufffd(?:\[31m)?b$/);
    }
    const words = 'naïve Ελληνικά العربية हिन्दी می‌خواهم 漢字 👩‍🔬 x²≤½';
    expect([markUnprintable(words), printable(words)]).toEqual([words, words]);
    expect(markUnprintable('a\r\nb\tc\n')).toBe('a\nb\tc\n');
  });

  it('is one line that keeps both ends', () => {
    expect(printable('file\nname\tx')).toBe('file name x');
    const message = new InputError(`FILE: ${'x'.repeat(1e6)}; remove it.`).message;
    expect(message).toHaveLength(MESSAGE_LIMIT);
    expect(message).toMatch(/^FILE: x+ … x+; remove it\.$/);
    for (const limit of [5, 6, 7, 40]) expect(printable('y'.repeat(100), limit)).toHaveLength(limit);
  });

  it('is the same value as JSON', () => {
    const value = { [`k${NASTY.join('')}`]: [NASTY.join(''), '\u{e0001}', 'é漢👩‍🔬', '\\u009b', 'a\nb'] };
    const json = escapeUnprintable(JSON.stringify(value));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028]/u);
  });

  it('is short as a quoted value, however deep', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(shownValue(deep)).toBe('a deeply nested value');
    expect([undefined, Infinity, null, 'a"', [1]].map((value) => shownValue(value))).toEqual([
      ...['nothing', 'Infinity', 'null', '"a\\""', '[1]'],
    ]);
    expect(shownValue('x'.repeat(999), 40)).toHaveLength(40);
  });

  it('is one word for a shell', () => {
    for (const word of ['runs/a', 'a b', "it's", '$(id)', '*', '', 'a\nb', 'steps=3', '`x`', '--x', '"'])
      expect(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
    expect(shellWord('runs/rcsd-1')).toBe('runs/rcsd-1');
  });

  it('stays in the line of progress', () => {
    let written = '';
    const { onProgress } = progressPrinter({ write: (text: string) => (written += text) });
    onProgress({ stage: 'score\u001b[2J', done: 1, total: 1, detail: 'a\rb\u202e\nc', warning: 'w\u009b\n' });
    onProgress({ stage: 'score\u001b[2J', done: 1, total: 1, detail: 'a\rb\u202e\nc' });
    expect(written).toMatch(/^[^\p{Cc}\p{Bidi_Control}]*\n[^\p{Cc}\p{Bidi_Control}]*\n$/u);
  });
});

describe('CSV', () => {
  it('holds no formulas, and leaves numbers', () => {
    const row = {
      a: '=1+1',
      b: '-2',
      c: -2,
      d: '@SUM(A1)',
      e: '+x',
      f: '\t=1',
      g: '-x',
      h: 'a=b',
      i: '-1e-3',
      '=j': 1,
    };
    expect(csv([row])).toBe("a,b,c,d,e,f,g,h,i,'=j\n'=1+1,-2,-2,'@SUM(A1),'+x,'\t=1,'-x,a=b,-1e-3,1\n");
  });
});
