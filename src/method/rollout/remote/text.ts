/** Makes a server's text safe to show in a message: short, on one line, without control characters and without keys. */

/** At most 200 characters of untrusted text. Removes `key` and anything that looks like a key. */
export function shortText(text: string, key?: string): string {
  // Shorten first, to bound the search, but leave enough that no key is cut in two and missed.
  const head = text.slice(0, 4000);
  const clean = (key ? head.replaceAll(key, '[key]') : head)
    .replace(/\b(?:sk-|Bearer )[\w*.-]{6,}/g, '[key]')
    .replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\s]+/gu, ' ')
    .trim();
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
