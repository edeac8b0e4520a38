/** Parses a template into statements: text, output, loops, conditions, assignments, macros. */

import { callValue } from './access';
import { parseArguments, parseExpression, parseFilter, parseOr, parseTuple, type Source } from './expressions';
import { loopOver } from './loop';
import { type Expression, printed, runAll, Scope, type Statement } from './scope';
import { Tokens } from './tokens';
import { iterate, Namespace, print, TemplateError, truth, tupleOf, type Value } from './values';

/** The statements of a template. Throws TemplateError for what is none. */
export function parseTemplate(template: string): Statement[] {
  const source: Source = { tokens: new Tokens(template), met: new Set() };
  return parseBody(source, []);
}

/** Statements up to a block that begins with one of the names, whose tag is opened; with no names, up to the end. */
function parseBody(source: Source, ends: readonly string[]): Statement[] {
  const { tokens } = source;
  const body: Statement[] = [];
  for (;;) {
    const { kind, text } = tokens.current;
    if (kind === 'end') {
      if (ends.length > 0) tokens.fail(`expected ${ends.join(' or ')}`);
      return body;
    }
    if (tokens.seesBlock(ends)) {
      tokens.next();
      return body;
    }
    tokens.next();
    if (kind === 'text') body.push((_, out) => void out.push(text));
    else if (text === '{{') {
      const value = parseTuple(source, () => tokens.current.kind === 'close');
      tokens.close();
      body.push((scope, out) => void out.push(print(value(scope))));
    } else body.push(parseBlock(source));
  }
}

const BLOCKS: Readonly<{ [name: string]: ((source: Source) => Statement) | undefined }> = {
  if: parseIf,
  for: parseFor,
  set: parseSet,
  macro: parseMacro,
  call: parseCall,
  filter: parseFilterBlock,
  with: parseWith,
  generation: parseGeneration,
  break: (source) => ending(source, 'break'),
  continue: (source) => ending(source, 'continue'),
};

function parseBlock(source: Source): Statement {
  const { tokens } = source;
  const name = tokens.current.kind === 'name' ? tokens.current.text : '';
  const parse = Object.hasOwn(BLOCKS, name) ? BLOCKS[name] : undefined;
  if (!parse) return tokens.fail('unknown tag');
  tokens.next();
  return parse(source);
}

function ending({ tokens }: Source, signal: 'break' | 'continue'): Statement {
  tokens.close();
  return () => signal;
}

/** The body up to `end`, with the tag that ends it. */
function bodyTo(source: Source, end: string): Statement[] {
  source.tokens.close();
  const body = parseBody(source, [end]);
  source.tokens.next();
  source.tokens.close();
  return body;
}

function parseIf(source: Source): Statement {
  const { tokens } = source;
  const condition = parseTuple(source, () => tokens.current.kind === 'close');
  tokens.close();
  const body = parseBody(source, ['elif', 'else', 'endif']);
  const end = tokens.name();
  let otherwise: Statement[] = [];
  if (end === 'elif') otherwise = [parseIf(source)];
  else {
    if (end === 'else') {
      tokens.close();
      otherwise = parseBody(source, ['endif']);
      tokens.next();
    }
    tokens.close();
  }
  return (scope, out) => runAll(truth(condition(scope)) ? body : otherwise, scope, out);
}

type Assign = (value: Value, scope: Scope) => void;

/** A name, `namespace.name`, or several of them, in parentheses or not. */
function parseTarget(source: Source): Assign {
  const { tokens } = source;
  const one = (): Assign => {
    if (tokens.takes('(')) {
      const inner = parseTarget(source);
      tokens.expect(')');
      return inner;
    }
    const name = tokens.name();
    if (!tokens.takes('.')) return (value, scope) => scope.set(name, value);
    const attribute = tokens.name();
    return (value, scope) => {
      const object = scope.get(name);
      if (!(object instanceof Namespace)) throw new TemplateError('cannot assign attribute on non-namespace object');
      object.attributes.set(attribute, value);
    };
  };
  const targets = [one()];
  if (!tokens.sees(',')) return targets[0] as Assign;
  while (tokens.takes(',')) targets.push(one());
  return (value, scope) => {
    const items = iterate(value);
    if (items.length !== targets.length)
      throw new TemplateError(`cannot unpack ${items.length} values into ${targets.length} names`);
    for (const [i, assign] of targets.entries()) assign(items[i], scope);
  };
}

function parseFor(source: Source): Statement {
  const { tokens } = source;
  const assign = parseTarget(source);
  tokens.expect('in');
  const items = parseTuple(source, () => tokens.current.kind === 'close' || tokens.sees('if'), parseOr);
  const condition = tokens.takes('if') ? parseExpression(source) : undefined;
  const recursive = tokens.takes('recursive');
  tokens.close();
  const body = parseBody(source, ['endfor', 'else']);
  let otherwise: Statement[] = [];
  if (tokens.name() === 'else') {
    tokens.close();
    otherwise = parseBody(source, ['endfor']);
    tokens.next();
  }
  tokens.close();
  return loopOver({ items, condition, assign, body, otherwise, recursive });
}

function parseSet(source: Source): Statement {
  const { tokens } = source;
  const assign = parseTarget(source);
  if (tokens.takes('=')) {
    const value = parseTuple(source, () => tokens.current.kind === 'close');
    tokens.close();
    return (scope) => assign(value(scope), scope) as undefined;
  }
  const filters: ReturnType<typeof parseFilter>[] = [];
  while (tokens.takes('|')) filters.push(parseFilter(source));
  const body = bodyTo(source, 'endset');
  return (scope) => {
    assign(filtered(printed(body, new Scope(scope)), filters, scope), scope);
    return undefined;
  };
}

function filtered(text: string, filters: readonly ReturnType<typeof parseFilter>[], scope: Scope): Value {
  let value: Value = text;
  for (const { apply } of filters) value = apply(value, scope);
  return value;
}

interface Parameter {
  readonly name: string;
  readonly fallback?: Expression;
}

function parseParameters(source: Source): Parameter[] {
  const { tokens } = source;
  const parameters: Parameter[] = [];
  tokens.expect('(');
  while (!tokens.takes(')')) {
    if (parameters.length > 0) tokens.expect(',');
    const name = tokens.name();
    parameters.push(tokens.takes('=') ? { name, fallback: parseExpression(source) } : { name });
  }
  return parameters;
}

/** A function that prints the body. Further arguments are taken only where the body reads `varargs` or `kwargs`. */
function parseFunction(source: Source, name: string, { parameters, end }: { parameters: Parameter[]; end: string }) {
  const met = new Set<string>();
  const body = bodyTo({ ...source, met }, end);
  for (const own of met) source.met.add(own);
  return (outer: Scope): Value =>
    (args, keywords) => {
      outer.step();
      const scope = new Scope(outer);
      const rest = new Map(keywords);
      if (args.length > parameters.length && !met.has('varargs'))
        throw new TemplateError(`macro '${name}' takes not more than ${parameters.length} argument(s)`);
      parameters.forEach(({ name: parameter, fallback }, i) => {
        const given = i < args.length ? args[i] : rest.get(parameter);
        if (i < args.length && rest.has(parameter))
          throw new TemplateError(`macro '${name}' got several values for ${parameter}`);
        const present = i < args.length || rest.delete(parameter);
        scope.set(parameter, present ? given : fallback?.(scope));
      });
      if (met.has('caller')) {
        scope.set('caller', rest.get('caller'));
        rest.delete('caller');
      }
      if (met.has('varargs')) scope.set('varargs', tupleOf(...args.slice(parameters.length)));
      if (met.has('kwargs')) scope.set('kwargs', new Map(rest));
      else if (rest.size > 0) throw new TemplateError(`macro '${name}' takes no argument ${[...rest.keys()][0]}`);
      return printed(body, scope);
    };
}

function parseMacro(source: Source): Statement {
  const name = source.tokens.name();
  const parameters = parseParameters(source);
  const make = parseFunction(source, name, { parameters, end: 'endmacro' });
  return (scope) => void scope.set(name, make(scope));
}

function parseCall(source: Source): Statement {
  const { tokens } = source;
  const parameters = tokens.sees('(') ? parseParameters(source) : [];
  const name = tokens.name();
  source.met.add(name);
  const args = parseArguments(source);
  const make = parseFunction(source, 'caller', { parameters, end: 'endcall' });
  return (scope, out) => {
    const [given, keywords] = args(scope);
    keywords.set('caller', make(scope));
    out.push(print(callValue(scope.get(name), given, keywords)));
    return undefined;
  };
}

function parseFilterBlock(source: Source): Statement {
  const filters = [parseFilter(source)];
  while (source.tokens.takes('|')) filters.push(parseFilter(source));
  const body = bodyTo(source, 'endfilter');
  return (scope, out) => {
    out.push(print(filtered(printed(body, new Scope(scope)), filters, scope)));
    return undefined;
  };
}

function parseWith(source: Source): Statement {
  const { tokens } = source;
  const assignments: { readonly assign: Assign; readonly value: Expression }[] = [];
  while (tokens.current.kind !== 'close') {
    if (assignments.length > 0) tokens.expect(',');
    const name = tokens.name();
    tokens.expect('=');
    assignments.push({ assign: (value, scope) => scope.set(name, value), value: parseExpression(source) });
  }
  const body = bodyTo(source, 'endwith');
  return (scope, out) => {
    const inner = new Scope(scope);
    for (const { assign, value } of assignments) assign(value(scope), inner);
    return runAll(body, inner, out);
  };
}

/** transformers' mark around what the assistant wrote, which prints what it contains. */
function parseGeneration(source: Source): Statement {
  const body = bodyTo(source, 'endgeneration');
  return (scope, out) => void out.push(printed(body, new Scope(scope)));
}
