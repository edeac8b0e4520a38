/** Reads the tokens of a template one after the other. */
import { type Token, tokenize } from './lexer';
import { TemplateError } from './values';

export class Tokens {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(template: string) {
    this.tokens = tokenize(template);
  }

  get current(): Token {
    return this.tokens[this.at] as Token;
  }

  next(): Token {
    return this.tokens[this.at++] as Token;
  }

  /** Whether the next tokens are these operators or names. */
  sees(...texts: string[]): boolean {
    return texts.every((text, i) => {
      const token = this.tokens[this.at + i];
      return token !== undefined && (token.kind === 'operator' || token.kind === 'name') && token.text === text;
    });
  }

  /** Takes the next tokens if they are these. */
  takes(...texts: string[]): boolean {
    if (!this.sees(...texts)) return false;
    this.at += texts.length;
    return true;
  }

  expect(text: string): void {
    if (!this.takes(text)) this.fail(`expected ${text}`);
  }

  name(): string {
    if (this.current.kind !== 'name') this.fail('expected a name');
    return this.next().text;
  }

  close(): void {
    if (this.current.kind !== 'close') this.fail('expected the end of the tag');
    this.at++;
  }

  /** Whether a block tag that begins with one of these names follows. */
  seesBlock(names: readonly string[]): boolean {
    const [open, name] = [this.current, this.tokens[this.at + 1]];
    return open.kind === 'open' && open.text === '{%' && name?.kind === 'name' && names.includes(name.text);
  }

  fail(what: string): never {
    const { kind, text, line } = this.current;
    throw new TemplateError(`${what}, found ${kind === 'end' ? 'the end' : JSON.stringify(text)} in line ${line}`);
  }
}
