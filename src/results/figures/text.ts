/**
 * Makes untrusted text from models and files safe to show: unprintable characters become visible, the length is
 * limited, and HTML is escaped.
 */
import { markUnprintable } from '../../base/records/printable';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The longest text shown in one piece, in characters. */
export const TEXT_LIMIT = 4000;

/**
 * The text with unprintable characters replaced by a visible mark, cut after `limit` characters; the number of further
 * ones is appended.
 */
export function visibleText(text: string, limit: number = TEXT_LIMIT): string {
  // Cut first, so that a hostile text of many megabytes costs no more than a short one.
  const head = markUnprintable(text.slice(0, limit));
  return text.length > limit ? `${head}… (${text.length - limit} more characters)` : head;
}

/** Visible text, safe inside HTML and SVG elements and quoted attributes. */
export function escapeText(text: string, limit: number = TEXT_LIMIT): string {
  return visibleText(text, limit).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** A share as a percentage with one decimal: 0.471 is `47.1 %`; a missing number is a dash. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined || !Number.isFinite(share) ? '–' : `${(100 * share).toFixed(1)} %`;
}

/** An estimate as `47.1 % [45.0, 49.2]`. Undefined is a dash; a single question has no interval: `100.0 % (n = 1)`. */
export function percentInterval(estimate: { value: number; low: number; high: number } | undefined): string {
  if (!estimate) return '–';
  const { value, low, high } = estimate;
  if (!Number.isFinite(value)) return '–';
  const interval = Number.isFinite(low) && Number.isFinite(high);
  return `${percent(value)} ${interval ? `[${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]` : '(n = 1)'}`;
}

/** A number with its sign and so many decimals: `+0.4`, `−1.5`. */
export const signedNumber = (x: number, digits: number): string => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(digits)}`;

/** An estimate times `scale` with signs: `+17.1 [+10.4, +23.8]`; the value alone where it has no interval. */
export function signedInterval(
  { value, low, high }: { value: number; low: number; high: number },
  digits: number,
  scale = 1,
): string {
  const [middle, from, to] = [value, low, high].map((x) => signedNumber(scale * x, digits));
  return Number.isFinite(low) ? `${middle} [${from}, ${to}]` : (middle as string);
}

/** A number with at most four significant digits, without an exponent where it is readable: 0.01234, 1.235, 12,350. */
export function compactNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2);
  const digits = size >= 1000 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(size || 1)));
  return Number(value.toFixed(digits)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}
