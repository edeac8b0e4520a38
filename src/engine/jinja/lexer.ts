/**
 * Splits a chat template into text and tags as Jinja does under transformers' settings: blocks lose the blanks before
 * them on their line and the line end behind them, and one line end at the end of the template is dropped.
 */
import { rstrip, SPACE_CLASS, TemplateError } from './values';

export type TokenKind = 'text' | 'open' | 'close' | 'name' | 'string' | 'integer' | 'float' | 'operator' | 'end';

/** `open` and `close` have the tag's kind, `{%` or `{{`, as their text. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
}

const OPERATORS = /\/\/|\*\*|==|!=|>=|<=|[-+*/%~<>=.:|,;()[\]{}]/y;
const SPACE = new RegExp(`${SPACE_CLASS}+`, 'y');
const ONLY_SPACE = new RegExp(`^${SPACE_CLASS}+$`);
const NAME = /[\p{L}\p{N}\p{M}_]+/uy;
const FLOAT = /(?<!\.)\d+(?:_\d+)*(?:(?:\.\d+(?:_\d+)*)?[eE][-+]?\d+(?:_\d+)*|\.\d+(?:_\d+)*)/y;
const INTEGER = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const STRING = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const RAW = /\{%([-+]?)\s*raw\s*(?:-%\}\s*|%\})/y;
const END_RAW = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/g;
const CLOSINGS = { '{%': /\+%\}|-%\}\s*|%\}\n?/y, '{{': /-\}\}\s*|\}\}/y } as const;
const COMMENT_END = /\+#\}|-#\}\s*|#\}\n?/g;

/** The tokens of a template. Throws TemplateError for what is no template. */
export function tokenize(template: string): Token[] {
  const source = template.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let counted = 0;
  const fail = (what: string): never => {
    throw new TemplateError(`${what} in line ${source.slice(0, at).split('\n').length}`);
  };
  const add = (kind: TokenKind, text: string): void => {
    for (; counted < at; counted++) if (source[counted] === '\n') line++;
    tokens.push({ kind, text, line });
  };
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(source) ?? undefined;
    if (match) at = match.index + match[0].length;
    return match;
  };
  /** The text before a tag: `-` takes all white space from its end, a block without a sign the blanks of its line. */
  const before = (from: number, to: number, { sign, block }: { sign: string; block: boolean }): void => {
    let text = source.slice(from, to);
    if (sign === '-') text = rstrip(text);
    else if (sign !== '+' && block) {
      const start = text.lastIndexOf('\n') + 1;
      const startsLine = start > 0 || from === 0 || source[from - 1] === '\n';
      if (startsLine && ONLY_SPACE.test(text.slice(start))) text = text.slice(0, start);
    }
    if (text !== '') add('text', text);
  };
  while (at < source.length) {
    const from = at;
    const open = /\{[%{#]/g;
    open.lastIndex = at;
    const found = open.exec(source);
    if (!found) {
      add('text', source.slice(at));
      break;
    }
    at = found.index;
    const raw = take(RAW);
    if (raw) {
      before(from, found.index, { sign: raw[1] as string, block: true });
      const inside = at;
      const end = take(END_RAW) ?? fail('raw without endraw');
      before(inside, end.index, { sign: end[1] as string, block: true });
      continue;
    }
    const kind = found[0];
    const sign = /[-+]/.exec(source[at + 2] ?? '')?.[0] ?? '';
    before(from, found.index, { sign, block: kind !== '{{' });
    at += 2 + sign.length;
    if (kind === '{#') {
      take(COMMENT_END) ?? fail('comment without end');
      continue;
    }
    add('open', kind);
    readTag(kind as '{%' | '{{');
  }
  add('end', '');
  return tokens;

  function readTag(kind: '{%' | '{{'): void {
    let depth = 0;
    while (at < source.length) {
      if (take(SPACE)) continue;
      if (depth === 0 && take(CLOSINGS[kind])) {
        add('close', kind);
        return;
      }
      const string = take(STRING)?.[0];
      const float = string === undefined ? take(FLOAT)?.[0] : undefined;
      const integer = string === undefined && float === undefined ? take(INTEGER)?.[0] : undefined;
      if (string !== undefined) add('string', withoutEscapes(string.slice(1, -1)));
      else if (float !== undefined) add('float', float.replaceAll('_', ''));
      else if (integer !== undefined) add('integer', integer.replaceAll('_', ''));
      else {
        const name = take(NAME)?.[0];
        if (name !== undefined) {
          add('name', name);
          continue;
        }
        const operator = take(OPERATORS)?.[0] ?? fail(`unexpected ${JSON.stringify(source[at])}`);
        if ('([{'.includes(operator)) depth++;
        if (')]}'.includes(operator) && --depth < 0) fail(`unexpected ${operator}`);
        add('operator', operator);
      }
    }
    fail('a tag is not closed');
  }
}

const SHORT: Readonly<{ [letter: string]: string }> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\n': '',
  "'": "'",
  '"': '"',
  '\\': '\\',
};

/** Python's escape sequences; an unknown one stays as it is written. */
function withoutEscapes(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, long?: string, octal?: string, letter?: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      if (letter !== undefined && 'xuUN'.includes(letter)) throw new TemplateError(`unknown escape ${whole} in a text`);
      return SHORT[letter as string] ?? whole;
    },
  );
}
