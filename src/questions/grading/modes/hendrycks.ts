/**
 * The grader hendrycks_math of lm-evaluation-harness: compares the text between the first and the last dollar sign as a
 * normalised string.
 */
import type { Grade, Question } from '../../../base/records/question';

/** Grades by the string: `\frac12`, `\dfrac{1}{2}` and `1/2` count as equal, `0.25` and `1/4` do not. */
export function gradeHendrycks({ answer }: Question, response: string): Grade {
  const [first, last] = [response.indexOf('$'), response.lastIndexOf('$')];
  const extracted = first === last ? response : response.slice(first + 1, last);
  const [a, b] = [normalized(extracted), normalized(answer)];
  const correct = a === undefined || b === undefined ? extracted === answer : a === b;
  return { extracted: extracted === '' ? null : extracted, correct };
}

/**
 * The original's `strip_string`; undefined where the original raises an error and then compares the two texts
 * unchanged.
 */
function normalized(text: string): string | undefined {
  let plain = ['\n', '\\!'].reduce((rest, gone) => rest.replaceAll(gone, ''), text);
  plain = plain.replaceAll('\\\\', '\\').replaceAll('tfrac', 'frac').replaceAll('dfrac', 'frac');
  for (const gone of ['\\left', '\\right', '^{\\circ}', '^\\circ', '\\$']) plain = plain.replaceAll(gone, '');
  const parts = plain.split('\\text{ ');
  if (parts.length > 2) return undefined;
  plain = (parts[0] as string).replaceAll('\\%', '').replaceAll(' .', ' 0.').replaceAll('{.', '{0.');
  if (plain === '') return plain;
  if (plain.startsWith('.')) plain = `0${plain}`;
  const sides = plain.split('=');
  if (sides.length === 2 && (sides[0] as string).length <= 2) plain = sides[1] as string;
  const rooted = bracedRoots(plain);
  if (rooted === undefined) return undefined;
  const fractions = bracedFractions(rooted.replaceAll(' ', ''));
  if (fractions === undefined) return undefined;
  return slashed(fractions === '0.5' ? '\\frac{1}{2}' : fractions);
}

/** `\sqrt3` to `\sqrt{3}`. */
function bracedRoots(text: string): string | undefined {
  const [head, ...rest] = text.split('\\sqrt');
  if (rest.includes('')) return undefined;
  return (
    (head as string) +
    rest.map((part) => (part[0] === '{' ? `\\sqrt${part}` : `\\sqrt{${part[0]}}${part.slice(1)}`)).join('')
  );
}

/** `\frac12` to `\frac{1}{2}`; unchanged where something is missing. */
function bracedFractions(text: string): string | undefined {
  const [head, ...rest] = text.split('\\frac');
  let built = head as string;
  for (const part of rest) {
    if (part === '') return undefined;
    if (part[0] !== '{' && part.length < 2) return text;
    if (part[0] === '{') built += `\\frac${part}`;
    else
      built +=
        part[1] === '{' ? `\\frac{${part[0]}}${part.slice(1)}` : `\\frac{${part[0]}}{${part[1]}}${part.slice(2)}`;
  }
  return built;
}

/** `1/2` to `\frac{1}{2}`; undefined for other quotients, for which the original fails. */
function slashed(text: string): string | undefined {
  const sides = text.split('/');
  if (sides.length !== 2) return text;
  const [a, b] = sides as [string, string];
  if (!/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(a) || !/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(b)) return undefined;
  const canonical = /^(?:0|-?[1-9]\d*)$/;
  return canonical.test(a) && canonical.test(b) ? `\\frac{${a}}{${b}}` : text;
}
