/**
 * Finds the final answer in a response: what it puts in its last box or tag or under the key "answer", or else what its last "answer is ..."
 * or "Answer: ..." says, without the sentence behind it, or else what its last sentence concludes. The answer is given as it is written, LaTeX
 * included.
 */
import { boxedAnswer, boxesIn, hasOpenBox, keyedAnswer, taggedAnswer } from './boxes';
import { answerAlone, concluded } from './conclusion';
import { withoutEscapes } from './equivalence/notation';
import { statement, withoutHedge } from './statement';
import { dropThinking } from './thinking';

/** Of a longer final answer only this many first characters are read. */
const LONGEST = 2000;

const STATED =
  /(?:\banswers?\b(?:[*_\s]*(?:is|are|:|=|：)|\s+(?=\$|\\[([]))|\bans\s*[:=]|答案】?\s*(?:是|为|为：|：|:|(?<=】))|^\W{0,6}(?:final )?answer\W{0,4}\n)[*_\s:：]*/gim;
/** Marks with which a model that was not stopped goes on with somebody else's turn. */
const NEXT_TURN =
  /<\|(?:im_start|im_end|endoftext|end_of_text|eot_id|eom_id|start_header_id|user|endofprompt)\|>|<(?:start|end)_of_turn>|<\/s>|\[INST\]/g;

/** Candidates for the final answer, the most trusted first, without thinking; empty when the response states none. */
export function finalAnswers(response: string): string[] {
  const own = dropThinking(ownTurn(response));
  const text = keyedAnswer(own) === undefined ? withoutEscapes(own) : own;
  const set = setApart(text);
  const cutOff = set === undefined && hasOpenBox(text);
  const stated = cutOff ? undefined : lastStated(text);
  const only = set === undefined && stated === undefined && !cutOff;
  return [correctedLater(text) ?? set, stated, only ? (concluded(text) ?? mathematicsAlone(text)) : undefined]
    .filter((answer) => answer !== undefined)
    .map((answer) => withoutWrapping(answer.slice(0, LONGEST)))
    .filter((answer) => answer !== '');
}

/** The whole of a response that begins with a number or a formula and has hardly a word beside it. */
function mathematicsAlone(text: string): string | undefined {
  const alone = answerAlone(text, 3);
  return alone !== undefined && /^[-+−±([{$€£]{0,4}\s*(?:\p{Nd}|\.\d|\\|√|π|[a-zA-Z]\s*[=<>≤≥]|[a-zA-Z]\$)/u.test(alone)
    ? alone
    : undefined;
}

/** The text up to the first mark of another turn that has something before it. */
function ownTurn(text: string): string {
  const start = text.search(/\S/);
  for (const { index } of text.matchAll(NEXT_TURN)) if (index > start) return text.slice(0, index);
  return text;
}

/** What a "final answer" says that stands behind the last box, where it says a value. */
function correctedLater(text: string): string | undefined {
  const box = boxesIn(text).at(-1);
  const behind = box && text.slice(box.end);
  if (!behind || !/\bfinal answer\b/i.test(behind)) return undefined;
  const stated = lastStated(behind);
  return stated !== undefined && /\d|\\/.test(stated) ? stated : undefined;
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
