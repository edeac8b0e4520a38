/**
 * Reads a verdict out of a judge's reply. What surrounds the JSON object may be anything (thinking, prose, code
 * fences); the object itself must be well-formed. Nothing is taken out of an object that breaks off or is malformed,
 * because what it contains may be quoted from the response. Two objects with different verdicts count as no verdict.
 */
import { isObject } from '../../../base/records/values';
import type { ThinkTag } from '../../../questions/grading/thinking';
import { scanJson } from '../../rubrics/jsonScan';

/** A verdict, or a clause that says why there is none. */
export type Reading<T> = { readonly verdict: T } | { readonly problem: string };

/** Deeper nesting is not accepted as a verdict; the limit protects `JSON.parse`. */
const MAX_DEPTH = 16;
/** How many characters of a reason are kept. */
const MAX_REASON = 2000;

/**
 * Finds a thinking tag as models write it. A tag quoted from the prompt was respelled there (escape.ts) and counts as
 * text.
 */
function thinkTag(text: string, from: number, closing = false): Omit<ThinkTag, 'form'> | undefined {
  const tag = closing ? /<(\/)think(?:ing)?>/gi : /<(\/?)think(?:ing)?>/gi;
  tag.lastIndex = from;
  const match = tag.exec(text);
  return match ? { index: match.index, end: tag.lastIndex, closing: match[1] === '/' } : undefined;
}

/**
 * Whether a reply that was cut off may have been cut off in its thinking, so that an object in it may be a draft: no thinking
 * is closed in it, and it does not begin with the object (perhaps in a code fence). The prompt may have opened the thinking.
 */
export const isInThinking = (text: string): boolean =>
  !/<\/think(?:ing)?>/i.test(text) && !/^\s*(?:```\w*\s*)?\{/.test(text);

/** The one JSON object outside the thinking that has the key. Never throws, whatever the text. */
export function readObject(text: string, key: string): Reading<Readonly<Record<string, unknown>>> {
  const cleaned = mendStrings(text);
  let found: Record<string, unknown>[] = [];
  let broken: string | undefined;
  let tag = thinkTag(cleaned, 0);
  for (let at = 0; ; ) {
    const brace = cleaned.indexOf('{', at);
    if (tag && tag.index < at) tag = thinkTag(cleaned, at);
    if (tag && (brace < 0 || tag.index < brace)) {
      // A closing tag without an opening one: the prompt had opened the thinking, so everything before it was thinking.
      if (tag.closing) [found, broken] = [[], undefined];
      at = tag.closing ? tag.end : (thinkTag(cleaned, tag.end, true)?.end ?? cleaned.length);
    } else if (brace < 0) break;
    else {
      const scan = scanJson(cleaned, brace);
      if (!scan.complete && /^\{\s*"/.test(cleaned.slice(brace, brace + 99)))
        broken ??= scan.end >= cleaned.length ? 'the JSON object breaks off' : 'the object is not valid JSON';
      const value: unknown =
        scan.complete && scan.depth <= MAX_DEPTH ? JSON.parse(cleaned.slice(brace, scan.end)) : undefined;
      if (isObject(value) && Object.hasOwn(value, key)) found.push(value);
      at = Math.max(scan.end, brace + 1);
    }
  }
  const [first, ...others] = found;
  if (broken !== undefined) return { problem: broken };
  if (!first) return { problem: `there is no JSON object with "${key}"` };
  const same = (other: Record<string, unknown>) => JSON.stringify(other[key]) === JSON.stringify(first[key]);
  return others.every(same) ? { verdict: first } : { problem: 'there are several verdicts' };
}

/**
 * Repairs the commonest mistakes inside strings, raw line breaks and LaTeX's backslashes; neither can change a verdict.
 */
const mendStrings = (text: string): string =>
  text
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\\(?:["\\/bfnrt]|u[\da-fA-F]{4})|\\/g, (escaped) => (escaped.length > 1 ? escaped : '\\\\'));

/** The reason beside a verdict; null where there is none. */
export function reasonOf({ reason }: Readonly<Record<string, unknown>>): string | null {
  return typeof reason === 'string' && reason.trim() !== '' ? reason.trim().slice(0, MAX_REASON) : null;
}
