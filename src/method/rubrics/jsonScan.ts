/**
 * Finds JSON arrays and objects in free text. A single pass without recursion, so that neither a megabyte of brackets
 * nor deep nesting can hang it. (`JSON.parse` cannot say where a value ends.)
 */

/**
 * The scan of one value. `end` is the index after its closing bracket or, for an incomplete value, the index where the
 * text stops being JSON.
 */
export interface JsonScan {
  readonly complete: boolean;
  readonly end: number;
  /** Deepest nesting reached; the value itself counts as 1. */
  readonly depth: number;
  /** Where the arrays begin that were still open at `end`. */
  readonly open: readonly number[];
}

type Expected = 'first value' | 'value' | 'first key' | 'key' | 'comma or end';

/** Scans the array or object that opens at `start`, by the JSON grammar (RFC 8259). */
export function scanJson(text: string, start: number): JsonScan {
  const isObject = text[start] === '{';
  const closers = [isObject ? '}' : ']'];
  const starts = [start];
  let depth = 1;
  let expected = (isObject ? 'first key' : 'first value') as Expected;
  let i = skipBlank(text, start + 1);
  const open = (closer: ']' | '}'): void => {
    closers.push(closer);
    starts.push(i);
    depth = Math.max(depth, closers.length);
    expected = closer === ']' ? 'first value' : 'first key';
  };
  while (closers.length > 0) {
    const c = text[i];
    const closer = closers[closers.length - 1];
    const first = expected === 'first value' || expected === 'first key';
    let next = i + 1;
    if (c === closer && (first || expected === 'comma or end')) {
      closers.pop();
      starts.pop();
      expected = 'comma or end';
    } else if (expected === 'comma or end') {
      if (c !== ',') break;
      expected = closer === ']' ? 'value' : 'key';
    } else if (expected === 'key' || expected === 'first key') {
      const string = scanString(text, i);
      next = skipBlank(text, string.end);
      i = next;
      if (!string.complete || text[next] !== ':') break;
      next++;
      expected = 'value';
    } else if (c === '[') open(']');
    else if (c === '{') open('}');
    else {
      const scalar = c === '"' ? scanString(text, i) : scanLiteral(text, i);
      next = scalar.end;
      if (!scalar.complete) {
        i = next;
        break;
      }
      expected = 'comma or end';
    }
    i = closers.length > 0 ? skipBlank(text, next) : next;
  }
  return { complete: closers.length === 0, end: i, depth, open: starts.filter((s) => text[s] === '[') };
}

function skipBlank(text: string, from: number): number {
  let i = from;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\t' || text[i] === '\r') i++;
  return i;
}

interface ScalarScan {
  readonly complete: boolean;
  readonly end: number;
}

function scanString(text: string, start: number): ScalarScan {
  if (text[start] !== '"') return { complete: false, end: start };
  for (let i = start + 1; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '"') return { complete: true, end: i + 1 };
    if (c < ' ') return { complete: false, end: i };
    if (c !== '\\') continue;
    const escaped = text[++i] || ' ';
    if (escaped === 'u' ? !/^[\da-f]{4}$/i.test(text.slice(i + 1, i + 5)) : !'"\\/bfnrt'.includes(escaped))
      return { complete: false, end: i };
    if (escaped === 'u') i += 4;
  }
  return { complete: false, end: text.length };
}

function scanLiteral(text: string, start: number): ScalarScan {
  const literal = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
  literal.lastIndex = start;
  const complete = literal.test(text);
  return { complete, end: complete ? literal.lastIndex : start };
}
