import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/records/errors';
import { strftime } from '../../src/engine/jinja/strftime';
import { chatTemplate } from '../../src/engine/jinja/template';
import { fixture } from './fixtures';

interface Case {
  readonly template: string;
  readonly text?: string;
  readonly error?: string;
}
const { values, cases } = fixture<{ values: Record<string, unknown>; cases: Case[] }>('jinja.json');
const render = (template: string, given: Record<string, unknown> = values): string =>
  chatTemplate(template, 'x')(given, '2024-07-26');

/** What transformers renders and this program refuses, saying so. */
const REFUSED = [/\|attr\('upper'\)/, /10\*\*20/, /%05d/, /groupby/, /\{% block/, /\{\{ d\.items\(\) \}\}/];
/** Names that only Jinja itself has. */
const INNER = /lipsum|self/;

describe("Jinja under transformers' settings", () => {
  it.each(cases.filter(({ template }) => !INNER.test(template)))('$template', ({ template, text }) => {
    if (text === undefined || REFUSED.some((pattern) => pattern.test(template)))
      expect(() => render(template)).toThrow(InputError);
    else expect(render(template)).toBe(text);
  });

  it('ends a template that would not end', () => {
    const nested = '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}';
    expect(() => render(nested)).toThrow('takes more than 1000000 steps');
    expect(() => render("{{ 'a' * 1000000000 }}")).toThrow('a repetition has become too long');
    expect(() => render('{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}')).toThrow(/nested too deeply|steps/);
    expect(() => render(`{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`)).toThrow('nested too deeply');
  });

  it.each([
    ['%d %b %Y', '26 Jul 2024'],
    ['%B %d, %Y', 'July 26, 2024'],
    ['%A %-d.%-m.%y %j %H:%M %%', 'Friday 26.7.24 208 00:00 %'],
  ])('writes a day as Python does: %s', (format, text) => {
    expect(strftime('2024-07-26', format)).toBe(text);
  });
});
