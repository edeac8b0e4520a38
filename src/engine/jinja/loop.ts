/** Runs `for`. */
import { type Expression, runAll, Scope, type Statement } from './scope';
import { Attributes, type Callable, equal, iterate, TemplateError, truth, tupleOf, type Value } from './values';

/** A parsed loop. */
export interface Loop {
  readonly items: Expression;
  readonly condition?: Expression;
  readonly assign: (value: Value, scope: Scope) => void;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
  readonly recursive: boolean;
}

export function loopOver(loop: Loop): Statement {
  return (scope, out) => {
    runLoop(loop, { items: loop.items(scope), scope, out, depth: 1 });
    return undefined;
  };
}

interface Round {
  readonly items: Value;
  readonly scope: Scope;
  readonly out: string[];
  readonly depth: number;
}

function runLoop(loop: Loop, { items: given, scope, out, depth }: Round): void {
  const { condition, assign, body, otherwise, recursive } = loop;
  const items = iterate(given).filter((item) => {
    if (!condition) return true;
    const own = new Scope(scope);
    own.step();
    assign(item, own);
    return truth(condition(own));
  });
  if (items.length === 0) {
    runAll(otherwise, new Scope(scope), out);
    return;
  }
  const again: Callable | undefined = recursive
    ? ([inner]) => {
        const text: string[] = [];
        runLoop(loop, { items: inner, scope, out: text, depth: depth + 1 });
        return text.join('');
      }
    : undefined;
  let last: { readonly value: Value } | undefined;
  const changed: Callable = (args) => {
    const value = tupleOf(...args);
    const isNew = !last || !equal(last.value, value);
    last = { value };
    return isNew;
  };
  for (const [index, item] of items.entries()) {
    const inner = new Scope(scope);
    inner.step();
    inner.set('loop', loopAttributes({ items, index, depth, again, changed }));
    assign(item, inner);
    if (runAll(body, inner, out) === 'break') break;
  }
}

/** What `loop` is inside. */
function loopAttributes({
  items,
  index,
  depth,
  again,
  changed,
}: {
  items: readonly Value[];
  index: number;
  depth: number;
  again: Callable | undefined;
  changed: Callable;
}): Attributes {
  const length = items.length;
  const cycle: Callable = (args) => {
    if (args.length === 0) throw new TemplateError('no items for cycling given');
    return args[index % args.length];
  };
  const attributes: Readonly<{ [name: string]: Value }> = {
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index === length - 1,
    length,
    previtem: items[index - 1],
    nextitem: items[index + 1],
    depth,
    depth0: depth - 1,
    cycle,
    changed,
  };
  return new Attributes(
    'LoopContext',
    (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    again,
  );
}
