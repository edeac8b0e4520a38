/** What a server says, as a message may show it: short, on one line, without control characters and without keys. */

/** At most 200 characters of untrusted text; `key`, and what looks like one, is taken out. */
export function shortText(text: string, key?: string): string {
  // Cut before anything is searched, late enough that no key is cut in two.
  const head = text.slice(0, 4000);
  const clean = (key ? head.replaceAll(key, '[key]') : head)
    .replace(/\b(?:sk-|Bearer )[\w*.-]{6,}/g, '[key]')
    .replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\s]+/gu, ' ')
    .trim();
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
