/**
 * Finds the final answer in a response: what it puts in its last box or tag or under the key "answer", or else what its last "answer is ..."
 * or "Answer: ..." says, without the sentence behind it. The answer is given as it is written, LaTeX included.
 */
import { boxedAnswer, hasOpenBox, keyedAnswer, taggedAnswer } from './boxes';
import { dropThinking } from './thinking';

/** Of a longer final answer only this many first characters are read. */
const LONGEST = 2000;

const STATED =
  /(?:\banswers?\b[*_\s]*(?:is|are|:|=|：)|\bans\s*[:=]|答案】?\s*(?:是|为|为：|：|:|(?<=】))|^\W{0,6}(?:final )?answer\W{0,4}\n)[*_\s:：]*/gim;

/** Candidates for the final answer, the most trusted first, without thinking; empty when the response states none. */
export function finalAnswers(response: string): string[] {
  const text = dropThinking(response);
  const set = setApart(text);
  const stated = set === undefined && hasOpenBox(text) ? undefined : lastStated(text);
  return [set, stated]
    .filter((answer) => answer !== undefined)
    .map((answer) => withoutWrapping(answer.slice(0, LONGEST)))
    .filter((answer) => answer !== '');
}

/** What a response sets apart as its answer by a key, a box, a tag, or as GSM8K does; undefined if nothing. */
export function setApart(text: string): string | undefined {
  const tagged = taggedAnswer(text);
  const boxed = boxedAnswer(tagged ?? text) ?? (tagged?.trim() ? undefined : boxedAnswer(text));
  return (
    keyedAnswer(text) ?? boxed ?? (tagged?.trim() ? tagged : undefined) ?? /\n?#{4}[ \t]*([^#\n]+)\s*$/.exec(text)?.[1]
  );
}

/** What the last "answer is" or "answer:" that is followed by text says; undefined where it says what the answer is not. */
function lastStated(text: string): string | undefined {
  let rest: string | undefined;
  for (const { index, 0: head } of text.matchAll(STATED)) {
    const behind = text.slice(index + head.length, index + head.length + LONGEST);
    if (behind.trim() !== '' && !/^(?:not|n't)\b/i.test(behind)) rest = behind;
  }
  return rest === undefined ? undefined : withoutHedge(statement(rest));
}

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

/** Without emphasis, the dollars around it, and the full stop at the end. */
function withoutWrapping(text: string): string {
  let plain = text.trim();
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = plain
      .replace(/\*\*|__(?=\w)|(?<=\w)__/g, '')
      .replace(/^\s*(?:\$+|\\\(|\\\[)((?:\\[^()[\]]|[^$\\])*)(?:\$+|\\\)|\\\])[.\s]*$/, '$1')
      .replace(/^\\(?:boxed|fbox|framebox)\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}$/, '$1')
      .replace(/(?<![.\s])\.\s*$/, '')
      .trim();
  }
  return plain;
}
