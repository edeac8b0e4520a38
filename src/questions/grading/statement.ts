/** Cuts a statement out of the sentence that goes on behind it. */

/** Where a statement ends before its line does: at a full stop, or where a clause begins that explains it. */
const ENDS = [
  /[.?。](?=\s|$|\*)|!(?=\s*$|\s+[A-Z]|\*)/y,
  /;\s/y,
  /,?\s+(?:because|since|which|where|that is|namely|as (?:it|we|the|this|required|expected|desired|shown))\b|,?\s+i\.e\./y,
  /(?<=[\d$)}%])\s+(?:for|when|if|by|with|after|from|of|and nothing)\b/y,
  /,?\s+or\s+(?:approximately|about|roughly|equivalently)\b/y,
  /,\s+(?!(?:and|or)\b)[a-z]{2,}/y,
  /,?\s+[([](?=(?!mod\b|base\b)[a-z]{2,})/y,
  /\s+(?:--?-?|–|—)\s+(?=[A-Za-z]{2,})/y,
  /\n/y,
];
/** What may stand before the answer in its statement. */
const HEDGE =
  /^(?:(?:therefore|thus|then|hence|simply|clearly|approximately|about|around|roughly|exactly|just|probably|given by|equal to|that it|that|it is|it's|it|the (?:number|value|expression|set|interval))\b,?\s+)+(?=\S)/i;

/** A statement without what only leads to the answer. */
export const withoutHedge = (text: string): string => text.trimStart().replace(HEDGE, '');

/** The statement at the start of a text. What stands between dollars or brackets is not divided. */
export function statement(text: string): string {
  const display = /^\s*(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])/.exec(text);
  if (display) return (display[1] ?? display[2]) as string;
  let depth = 0;
  let mathematics = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (!mathematics && (depth <= 0 || c === '\n')) {
      for (const end of ENDS) {
        end.lastIndex = i;
        if (end.test(text)) return text.slice(0, i);
      }
    }
    if (c === '\\') {
      if (text[i + 1] === '(') mathematics = true;
      else if (text[i + 1] === ')') mathematics = false;
      i++;
    } else if (c === '$') mathematics = !mathematics;
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
  }
  return text;
}
