/** Finds the choice that a response to a multiple-choice question settles on. */
import { equivalent } from './equivalence/equivalence';
import { fromUnicode, plainSigns, unwrapped, withoutLayout } from './equivalence/notation';
import { setApart } from './extraction';
import { lettersOf } from './letters';
import { statement, withoutHedge } from './statement';
import { dropThinking } from './thinking';

/** Of a longer statement only this many characters are read; and so many statements, from the last one on. */
const LONGEST = 600;
const MOST_STATEMENTS = 50;

/** A letter; null where several are named or none can be; undefined where no choice is named. */
type Reading = string | null | undefined;

/** The letter of a choice in a final answer: `B`, `(B)`, `B) copper`, `B because ...`, or the text of a choice; undefined when none or several are named. */
export const choiceLetter = (answer: string, choices: readonly string[]): string | undefined =>
  readChoice(answer, choices) ?? undefined;

const LETTER =
  /^[\s("'`[{<*_]*(?:(?:option|choice|answer|letter)\s+)?[\s("'`[{<*_]*([A-Z])[)\]"`}>*]*(?:_{1,2}(?!\w))?(?:(?<=['`]\(?[A-Z]\)?)')?(?![A-Za-z0-9'’-])\s*(.*)/is;
const NEXT =
  /^(?:[,/&;+]|,?\s*(?:and|or)\b)\s*(?:(?:and|or)\s+)?(?:option\s+|choice\s+)?[("'[*]*([A-Z])(?![A-Za-z0-9'’])(?!\)?["*]*\s+(?!(?:and|or|are|because|since|as|so|depending|both|could|might|may)\b)[a-z]{2,})/;
const NOT_BUT = /^(?:n't|not)\s+\(?[A-Z]\)?,?\s+but\s+(?:rather\s+)?/;

/**
 * `A` before another word counts as the article, and so does a lone `a`. Two letters are no answer. A choice's own text counts where it is that
 * choice's and no other's.
 */
function readChoice(answer: string, choices: readonly string[]): Reading {
  const letters = lettersOf(choices.length);
  const plain = withoutMarks(answer);
  if (/^(?:both|either|neither)\b/i.test(plain)) return namedByText(answer, choices) ?? null;
  const match = LETTER.exec(plain);
  const letter = match?.[1]?.toUpperCase() ?? '';
  if (match && letter !== '' && letters.includes(letter)) {
    const rest = match[2] ?? '';
    const next = NEXT.exec(rest)?.[1];
    const own = wordKey(choices[letters.indexOf(letter)] as string);
    if (match[1] === letter && next && letters.includes(next) && next !== letter) return null;
    const bare =
      rest === '' ||
      /^[^\p{L}\p{N}\s=+*/^<>_\\]/u.test(rest) ||
      /^(?:because|since|as|for|is|and not|not|but|by|which|where|with|in|from|using|due|given|that|the|option|choice)\b/i.test(
        rest,
      );
    const upper = match[1] === letter || (/^["')\].]*$/.test(rest) && match[0].trim() !== 'a');
    if ((bare && upper && !/^-\w/.test(rest)) || (own !== '' && wordKey(rest.replace(/^[/|]\s*/, '')).startsWith(own)))
      return letter;
  }
  if (/^[A-Z]{2,}$/.test(plain) && [...plain].every((c) => letters.includes(c)) && new Set(plain).size === plain.length)
    return namedByText(answer, choices) ?? null;
  return namedByText(answer, choices);
}

/** Without layout, emphasis and the command that makes words. */
const withoutMarks = (text: string): string =>
  withoutLayout(unwrapped(fromUnicode(text)))
    .replace(/\*\*|__/g, '')
    .replace(/^[\s:：]+/, '')
    .replace(/(?<![.\s])[.\s]+$/, '')
    .trim();

const signKey = (text: string): string =>
  withoutLayout(unwrapped(plainSigns(text)))
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.!]+$/, '');
const looseKey = (text: string): string =>
  signKey(text)
    .normalize('NFKD')
    .replace(/\p{M}|(?<=\p{L})['’]s\b/gu, '')
    .toLowerCase()
    .replace(/^(?:the|an?) (?=\w)/, '')
    .replace(/["'’]|\s+|[,;](?=\s|$)/g, '');
const wordKey = (text: string): string => looseKey(text).replace(/[(){}_,.]/g, '');
const formulaKey = (text: string): string => wordKey(text).replace(/[\^\\]/g, '');
const KEYS = [signKey, looseKey, wordKey, formulaKey];

/** The letter of the only choice whose text an answer is, with its signs, points and relations. */
function namedByText(answer: string, choices: readonly string[]): string | undefined {
  const letters = lettersOf(choices.length);
  const readings = [answer, statement(answer), withoutHedge(statement(answer))].filter(
    (text, i, all) => text.trim() !== '' && all.indexOf(text) === i,
  );
  for (const reading of readings) {
    for (const key of KEYS) {
      const wanted = key(reading);
      // Formulas lose their carets here, which numbers must not.
      if (wanted === '' || (key === formulaKey && !/[a-z]/.test(wanted))) continue;
      const places = choices.flatMap((choice, i) => (key(choice) === wanted ? [i] : []));
      if (places.length === 1) return letters[places[0] as number];
      if (places.length > 1) return undefined;
    }
    if (!/[\d\\=<>]|[^ -~]/.test(reading) || reading.length > LONGEST) continue;
    const places = choices.flatMap((choice, i) => (equivalent(reading, choice) ? [i] : []));
    if (places.length === 1) return letters[places[0] as number];
  }
  return undefined;
}

const IS =
  "(?:, (?:I (?:think|believe|guess)|therefore|thus|then|in fact),)?(?: is|['’]s|is|are|was|should be|must be|would be|has to be|:|=|：|→|-+>)";
const HEDGE = '(?:\\s+(?:probably|most likely|likely|clearly|thus|therefore|then|indeed|simply|definitely))?';
/** Sentences that state the answer. What stands behind the match is read. */
const ANSWERS = new RegExp(
  `(?:\\b(?:answers?|ans|(?:correct|right|best|true|proper|final|appropriate)\\s+(?:\\w+\\s+)?(?:option|choice|answer|statement|letter|explanation|response|\\w+))\\b[*_\\s]*${IS}|` +
    '答案\\s*(?:应该?|应当)?\\s*(?:是|为|选|選)?\\s*[：:]?|正确(?:的)?(?:答案|选项)?\\s*(?:是|为|选)?\\s*[：:]?|应该?选择?|选择?(?!项|择))' +
    `${HEDGE}[*_\\s:：]*|\\banswer\\s+(?=\\(?[A-Z]\\)?(?:[.,:;!)]|\\s*$))|\\banswer\\s+(?=\\([A-Z]\\))`,
  'gim',
);
/** "The answer isn't A but C." */
const DENIED =
  /\b(?:answer|option|choice)\s+(?:isn['’]t|is not|wasn['’]t)\s+\(?([A-Z])\)?(?:,|\s+but)\s+(?:rather\s+|it is\s+|but\s+)?(?=\(?[A-Z]\b)/g;
/** Sentences that may state it or discuss a choice. */
const NAMED = new RegExp(
  `\\b(?:option|choice|result)s?\\b[*_\\s]*(?:is|are|should be|must be|:|=|：)${HEDGE}[*_\\s:]*`,
  'gi',
);
const PICKED = /(?<!^[\s>*-]*)\b(?:option|choice)\s+(?=\(?[A-Z]\)?(?:[.,:;!*]|\s*$))/gim;
const CHOSEN =
  /\b(?:go with|pick|choose|select|say|[Hh]ence|[Tt]herefore|[Tt]hus|[Ss]o|[Oo]nly|settle on|be|it is|is|suggests?|points? to|corresponds? to|matches)\s*,?\s*(?:option\s+|choice\s+|answer\s+)?[*("]{0,3}(?=[A-Z][*)"]{0,3}\s*(?:[.!,;]|$|fits\b))/gm;
const JUDGED =
  /(?<![A-Za-z0-9])\(?([A-Z])\)?(?:\s*\*{1,2})?\s+(?:is|seems|must be)\s+(?:the\s+)?(?:correct|right|best|answer)\b/g;
const CLOSING = /(?:[,:]|\bor|\bis|\bso|\bchoice|\boption)\s*[*]{0,2}(?=\([A-Z]\)[.*\s]*$)/g;

/** What stands before a statement in its sentence where somebody else's answer, or a wrong one, is meant. */
const DOUBTED =
  /\b(?:some|many|students?|might|may|could|if|people|tempt\w*|think|thinks|thought|wrong|incorrect|why|common|trap|distractor|says?|claims?|first|initial\w*|not|never)\b[^.!?;\n]*$/i;

/**
 * The letter that a response to a multiple-choice question settles on: set apart in a box, a tag or under a key, or else in the last sentence
 * that states the answer, or else in the last that names one choice ("option B.", "B is correct"), or else as its whole first or last line.
 * Thinking is ignored, and what is discussed behind a stated answer too.
 */
export function settledChoice(response: string, choices: readonly string[]): string | undefined {
  const text = dropThinking(response);
  const apart = setApart(text);
  const set = apart === undefined ? undefined : readChoice(apart.slice(0, LONGEST), choices);
  if (set !== undefined) return set ?? undefined;
  for (const patterns of [[ANSWERS, DENIED], [], [NAMED, PICKED, CHOSEN, JUDGED, CLOSING]]) {
    const reading = patterns.length === 0 ? firstLine(text, choices) : lastStatement(text, patterns, choices);
    if (reading !== undefined) return reading ?? undefined;
  }
  const line = text
    .slice(text.trimEnd().lastIndexOf('\n') + 1)
    .slice(0, LONGEST)
    .replace(/^[#>*\s-]+/, '');
  if (/^\(?[A-Z]\)?\s+(?:is|as|for|since|because|would|by|in|from|with|the)\b/.test(line)) return undefined;
  return readChoice(line, choices) ?? undefined;
}

/** The last statement that names a choice; one in a sentence of doubt only where there is no other. */
function lastStatement(text: string, patterns: readonly RegExp[], choices: readonly string[]): Reading {
  const starts = patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ index, 0: head }) => {
      const start = pattern === JUDGED ? index + head.search(/[A-Z]/) : index + head.length;
      return { index, start };
    }),
  );
  starts.sort((a, b) => b.start - a.start);
  let doubted: Reading;
  for (const { index, start } of starts.slice(0, MOST_STATEMENTS)) {
    const rest = text
      .slice(start, start + LONGEST)
      .trimStart()
      .split('\n', 1)[0] as string;
    const but = NOT_BUT.exec(rest)?.[0];
    if (but === undefined && /^(?:(?:not|n't)\b|\W{0,4}[A-Z]\W{0,3}\?\s+\S)/i.test(rest)) continue;
    const reading = readChoice(rest.slice(but?.length ?? 0), choices);
    if (reading === undefined) continue;
    if (!DOUBTED.test(text.slice(Math.max(0, index - 120), index))) return reading;
    doubted ??= reading;
  }
  return doubted;
}

/** A first line that is a letter alone, or begins with one where no other choice is listed. */
function firstLine(text: string, choices: readonly string[]): Reading {
  const line = text.trimStart().slice(0, LONGEST).split('\n', 1)[0] as string;
  const [, letter, behind] = /^[\s*("]*([A-Z])(?:[)*"]*$|([)*"]*[.):]))/.exec(line.trim()) ?? [];
  if (letter === undefined || !lettersOf(choices.length).includes(letter)) return undefined;
  const others = [...lettersOf(choices.length)].filter((other) => other !== letter);
  const listed = others.some((other) => new RegExp(`(?:^|[.\\s])\\(?${other}[.):](?:\\s|$)`, 'm').test(text));
  return behind === undefined || !listed ? letter : undefined;
}
