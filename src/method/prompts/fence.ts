/**
 * Fences around untrusted text. The marked lines carry a nonce that the text does not contain, so no text can close its own
 * fence or open another; special tokens inside are the caller's to escape (escape.ts).
 */
import { createHash } from 'node:crypto';

/** The fences of one prompt. */
export interface Fence {
  /** Sixteen hexadecimal digits that stand in none of the texts. */
  readonly nonce: string;
  /** A text between its two marked lines; `label` is ours, in capitals. */
  wrap(label: string, text: string): string;
}

/** A fence for these texts. The nonce is a digest of them, so the same texts make the same prompt (which a cache then knows). */
export function fenceFor(texts: readonly string[]): Fence {
  const digest = (salt: number) =>
    createHash('sha256')
      .update(JSON.stringify([salt, ...texts]))
      .digest('hex')
      .slice(0, 16);
  let nonce = digest(0);
  for (let salt = 1; texts.some((text) => text.toLowerCase().includes(nonce)); salt++) nonce = digest(salt);
  return { nonce, wrap: (label, text) => `BEGIN ${label} ${nonce}\n${text}\nEND ${label} ${nonce}` };
}

/** At most `limit` characters of a text: its first three quarters and its end, with a line that says how much was cut. */
export function boundText(text: string, limit: number): { readonly text: string; readonly cut: number } {
  if (text.length <= limit) return { text, cut: 0 };
  const head = whole(text, Math.ceil(limit * 0.75));
  const tail = whole(text, text.length - Math.floor(limit * 0.25));
  const cut = tail - head;
  return { text: `${text.slice(0, head)}\n[... ${cut} characters were cut here ...]\n${text.slice(tail)}`, cut };
}

/** The index itself, or the one before it where it would part a surrogate pair. */
const whole = (text: string, index: number): number => (/[\uDC00-\uDFFF]/.test(text[index] ?? '') ? index - 1 : index);
