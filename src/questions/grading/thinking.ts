/** Separates the thinking part of a response (`<think> ... </think>`), which never counts as an answer or a rubric. */

/** A tag around thinking; `end` is the index after it. */
export interface ThinkTag {
  readonly index: number;
  readonly end: number;
  readonly closing: boolean;
}

/** The first thinking tag at or after `from`. Case, inner blanks and the spelling `thinking` vary between models. */
export function findThinkTag(text: string, from: number, kind?: 'open' | 'close'): ThinkTag | undefined {
  const tag = /< {0,2}(\/?) {0,2}think(?:ing)? {0,2}>/gi;
  tag.lastIndex = from;
  for (let match = tag.exec(text); match; match = tag.exec(text)) {
    const closing = match[1] === '/';
    if (!kind || closing === (kind === 'close')) return { index: match.index, end: tag.lastIndex, closing };
  }
  return undefined;
}

/**
 * Where the text continues after thinking that the prompt had opened (the first tag closes); 0 if there is no such
 * thinking.
 */
export function endOfOpenedThinking(text: string): number {
  const first = findThinkTag(text, 0);
  return first?.closing ? first.end : 0;
}

/** The text without its thinking; if thinking is never closed, the rest of the text is removed with it. */
export function dropThinking(text: string): string {
  let kept = '';
  let from = endOfOpenedThinking(text);
  for (;;) {
    const open = findThinkTag(text, from, 'open');
    if (!open) return kept + text.slice(from);
    kept += text.slice(from, open.index);
    const close = findThinkTag(text, open.end, 'close');
    if (!close) return kept;
    from = close.end;
  }
}
