/**
 * Puts untrusted text between marked lines. The lines carry a nonce that does not occur in the text, so that no text
 * can close its own fence or open another. The caller escapes special tokens inside (escape.ts).
 */
import { sha256Of } from '../../engine/files/digest';

export interface Fence {
  /** Sixteen hexadecimal digits that occur in none of the texts. */
  readonly nonce: string;
  /** Puts a text between two marked lines; `label` is a fixed name in capitals. */
  wrap(label: string, text: string): string;
}

/**
 * A fence for these texts. The nonce is a digest of them, so that the same texts give the same prompt, which a cache
 * can find again.
 */
export function fenceFor(texts: readonly string[]): Fence {
  const digest = (salt: number) => sha256Of(JSON.stringify([salt, ...texts])).slice(0, 16);
  let nonce = digest(0);
  for (let salt = 1; texts.some((text) => text.toLowerCase().includes(nonce)); salt++) nonce = digest(salt);
  return { nonce, wrap: (label, text) => `BEGIN ${label} ${nonce}\n${text}\nEND ${label} ${nonce}` };
}

/**
 * Shortens a text to at most `limit` characters: the first three quarters and the end, with a line between that says
 * how much was cut.
 */
export function boundText(text: string, limit: number): { readonly text: string; readonly cut: number } {
  if (text.length <= limit) return { text, cut: 0 };
  const head = whole(text, Math.ceil(limit * 0.75));
  const tail = whole(text, text.length - Math.floor(limit * 0.25));
  const cut = tail - head;
  return { text: `${text.slice(0, head)}\n[... ${cut} characters were cut here ...]\n${text.slice(tail)}`, cut };
}

/** The index itself, or the one before it if the cut would split a surrogate pair. */
const whole = (text: string, index: number): number => (/[\uDC00-\uDFFF]/.test(text[index] ?? '') ? index - 1 : index);
