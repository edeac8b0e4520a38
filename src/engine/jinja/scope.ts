/** Names and their values while a template is rendered. */
import { TemplateError, type Value } from './values';

/** More than any chat needs; beyond it a template is a mistake, or an attack. */
const MAX_STEPS = 1_000_000;

/** Counts what a rendering does, so that it ends. */
interface Meter {
  steps: number;
}

export class Scope {
  private readonly names = new Map<string, Value>();
  private readonly meter: Meter;

  constructor(private readonly parent?: Scope) {
    this.meter = parent?.meter ?? { steps: 0 };
  }

  /** The value of a name; undefined where nothing has it. */
  get(name: string): Value {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent)
      if (scope.names.has(name)) return scope.names.get(name);
    return undefined;
  }

  set(name: string, value: Value): void {
    this.names.set(name, value);
  }

  /** Throws TemplateError where the rendering has taken too many steps. */
  step(): void {
    if (++this.meter.steps > MAX_STEPS) throw new TemplateError(`the template takes more than ${MAX_STEPS} steps`);
  }
}

/** A parsed expression. */
export type Expression = (scope: Scope) => Value;

/** Output of a template, and how a statement ends a loop around it. */
export type Statement = (scope: Scope, out: string[]) => undefined | 'break' | 'continue';

export function runAll(body: readonly Statement[], scope: Scope, out: string[]): ReturnType<Statement> {
  for (const statement of body) {
    scope.step();
    const signal = statement(scope, out);
    if (signal) return signal;
  }
  return undefined;
}

/** What a body prints in a scope of its own below the given one. */
export function printed(body: readonly Statement[], scope: Scope): string {
  const out: string[] = [];
  runAll(body, scope, out);
  return out.join('');
}
