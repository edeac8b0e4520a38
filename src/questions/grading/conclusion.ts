/**
 * Finds the answer of a response that neither sets one apart nor says "the answer is": what its last sentence concludes, or the whole of a
 * response that is nothing but an answer.
 */
import { statement, withoutHedge } from './statement';

/** Of a sentence only this many characters are read. */
const LONGEST = 600;
/** A response that is an answer alone is one line of at most so many characters and words. */
const LONGEST_ALONE = 120;
const MOST_WORDS = 8;

/** What may stand behind the last sentence, in its last so many characters. */
const LONGEST_FAREWELL = 200;
const FAREWELL =
  /\s*(?:I hope (?:it|this|that) (?:is correct|helps)|hope (?:it|this|that) helps|this is the final answer|q\.?e\.?d|■|□|∎|\\(?:blacksquare|square|qed))\W*$/i;
const CONCLUDES =
  /^(?:(?:and|but)\s+)?(?:so|therefore|thus|hence|consequently|accordingly|finally|altogether|overall|in (?:conclusion|summary|total)|as a result|it follows|this (?:means|gives|implies|shows|yields)|(?:[a-z][^,.;$]{0,60},\s+)?we (?:can )?(?:find|get|obtain|conclude|see|deduce|have)|(?:the )?(?:final )?(?:solutions?|results?|conclusion)\b|∴|⇒|=>)(?:\s+that)?[\s,:]*/i;
/** A sentence that leaves the answer open, or only prepares it. */
const OPEN =
  /\?|\b(?:not sure|unsure|don['’]t|do not|can(?:not|['’]t)|could|unclear|maybe|perhaps|guess|might|may|suppose|assum\w*|if|let|need|should|would|whether|unknown|try|check)\b/i;
const IS_ANSWER =
  /^(.{1,300}?)\s+(?:is|are)\s+(?:the|our|my)\s+(?:(?:final|correct|only|required|desired)\s+)?(?:answer|solution|result)s?\W*$/is;
/** Words that stand between what is asked for and its value. */
const VERB =
  /\b(?:is|are|equals?|equal to|becomes?|gives?|yields?|get|obtain|find that|(?:increas|decreas|ris|fall|grow|chang|reduc)\w* by)\b[\s:]*/gi;

/** What the last sentence of a response concludes; undefined where it concludes nothing, leaves it open or was cut off. */
export function concluded(text: string): string | undefined {
  const sentence = lastSentence(text);
  if (sentence === undefined || OPEN.test(withoutMathematics(sentence))) return undefined;
  const [, subject] = IS_ANSWER.exec(sentence) ?? [];
  const rest = (subject ?? sentence).replace(CONCLUDES, '');
  // "The speed of sound is 343 m/s." may as well repeat the question.
  if (subject === undefined && rest === sentence) return undefined;
  return valueIn(rest);
}

/** The whole of a response that is one line of few words without a sentence. */
export function answerAlone(text: string, mostWords = MOST_WORDS): string | undefined {
  const line = text.trim();
  if (line.length > LONGEST_ALONE) return undefined;
  const plain = withoutMathematics(line);
  const words = plain.match(/\p{L}{2,}/gu) ?? [];
  const sentence = OPEN.test(line) || CONCLUDES.test(line) || /\b(?:I|we|is|are|was|am)\b/.test(plain);
  return line === '' || line.includes('\n') || words.length > mostWords || sentence ? undefined : line;
}

/** The value in an answer that is a sentence, as in "The largest n is 34"; any other answer as it is. */
export const valueStated = (answer: string): string =>
  /^(?:the|there|its?|[A-Z][a-z]+)\s+[a-z$]/i.test(answer) ? (valueIn(answer) ?? answer) : answer;

/** The value that a sentence states of something, without what the sentence goes on with. */
function valueIn(sentence: string): string | undefined {
  const verbs = [...withoutMathematics(sentence).matchAll(VERB)]
    .reverse()
    .map(({ index, 0: verb }) => index + verb.length);
  const whole = sentence.replace(/^(?:[a-z]{2,}\s+)+(?=\$|\\[([]|[A-Za-z]\s*=)/i, '');
  const numbers = [...sentence.matchAll(/(?<![\w.,])-?\d[\d.,]*/g)];
  const values = verbs.length > 0 ? verbs.map((start) => sentence.slice(start)) : [whole];
  // "Jane began 3 hours ago."
  if (numbers.length === 1) values.push(sentence.slice(numbers[0]?.index));
  return values
    .map((value) => withoutHedge(statement(value)))
    .find((value) => /^[^\p{L}]*\d|\\|[=<>≤≥$]|^\$?[a-zA-Z]\$?$/u.test(value));
}

/** The text with each formula's characters replaced, so that words are found outside of them and places stay. */
const withoutMathematics = (text: string): string =>
  text.replace(/\$[^$]*\$|\\\(.*?\\\)|\\\[.*?\\\]/gs, (formula) => '#'.repeat(formula.length));

/** The last sentence, where it is complete. */
function lastSentence(text: string): string | undefined {
  // The end alone: a pattern that begins with blanks would try each run of them in the whole text.
  const whole = text.trim();
  const plain = whole.slice(0, -LONGEST_FAREWELL) + whole.slice(-LONGEST_FAREWELL).replace(FAREWELL, '').trimEnd();
  const display = /(?:\$\$[^$]+\$\$|\\\[(?:(?!\\\])[\s\S]){1,600}\\\])[.\s]*$/.exec(plain.slice(-LONGEST));
  const body = display ? plain.slice(0, plain.length - display[0].length).trimEnd() : plain;
  if (!display && !/[.!$)*。]$|\\\]$/.test(plain)) return undefined;
  const line = body.slice(body.lastIndexOf('\n') + 1).slice(-LONGEST);
  const ends = [...withoutMathematics(line).matchAll(/[.!?]["*)]*\s+(?=[A-Z#\\*])/g)];
  const end = ends.at(-1);
  const sentence = line.slice(end ? end.index + end[0].length : 0).replace(/^[\s*_#>-]+/, '');
  return display ? `${sentence} ${display[0]}` : sentence;
}
