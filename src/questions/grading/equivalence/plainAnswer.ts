/** Brings both sides of a comparison into one notation, and reads the rows of matrices. */
import { joinedDigits, plainSigns, withoutEscapes, withoutLayout } from './notation';
import { withoutStop } from './words';

const POWERS: Readonly<Record<string, number>> = { thousand: 3, million: 6, billion: 9, trillion: 12 };
const REPEATED = /(\d*)\.(\d*)(?:\\(?:overline|bar|dot)\s*\{(\d+)\}|\\(?:dot|bar)\s*(\d))/g;

/** One notation for both sides: sizes, dollars, blanks, thousands separators and words for signs do not change the value. */
export function plainAnswer(text: string): string {
  const plain = plainSigns(withoutEscapes(text))
    .replace(/\\(?:boxed|fbox|framebox)\s*(?=\{)/g, '')
    .replace(/\\\$|[€£¥]|\\(?:pounds|euro|yen)(?![a-z])/g, '')
    .replace(
      /,?\s*\\(?:text|mathrm|mbox|textrm)\s*\{\s*(and|or)\s*\}\s*,?|,?\s+(and|or)\s+|(?<=[\d)}\]])(and|or)(?=[\d(\\[-])/g,
      (_, a?: string, b?: string, c?: string) => ((a ?? b ?? c) === 'and' ? ' \\land ' : ' \\lor '),
    )
    .replace(/\\(?:wedge)(?![a-z])/g, '\\land ')
    .replace(/\\(?:vee)(?![a-z])/g, '\\lor ')
    .replace(
      /(?<=[\d})])\s*(?:\\(?:text|mathrm|mbox|textrm)\s*\{\s*(?:degrees?|deg)\s*\}|degrees?\b|\bdeg\b)(?!\s*[CFcf])/g,
      '\\degree ',
    )
    .replace(
      /(?<=[\d})])\s*(?:\\(?:text|mathrm|mbox|textrm)\s*\{\s*(?:percent|per cent|pct)\s*\}|per ?cent\b|pct\b)/g,
      '%',
    )
    .replace(
      /\\(?:text|mathrm|mathbf|mathit|operatorname|textrm|rm)\s*\*?\s*\{\s*([ied]|cis|(?:arc|ar)?(?:sin|cos|tan|cot|sec|csc)h?|ln|log|exp)\s*\}/g,
      (_, name: string) => (name.length === 1 ? name : `\\${name} `),
    )
    .replace(REPEATED, (_, whole: string, fixed: string, long?: string, short?: string) => {
      const repeated = (long ?? short) as string;
      const nines = `${'9'.repeat(repeated.length)}${'0'.repeat(fixed.length)}`;
      return `(${whole || '0'}.${fixed}0+\\frac{${repeated}}{${nines}})`;
    })
    .replace(/\{:\}/g, ':')
    .replace(/\\langle(?![a-z])/g, '(')
    .replace(/\\rangle(?![a-z])/g, ')')
    .replace(
      /(?<=\d)\s*(?:\\(?:text|mathrm|mbox)\s*\{\s*)?\b(thousand|million|billion|trillion)\b\s*\}?/g,
      (_, word: string) => `\\times 10^{${POWERS[word]}}`,
    )
    .replace(/(?:\{\s*\})?[_^]\{?(\w+)\}?\s*C\s*_\{?(\w+)\}?/g, '\\binom{$1}{$2}')
    .replace(/\\(?:cr|newline)(?![a-z])/g, '\\\\')
    .replace(/\{\s*([^{}\\]+?)\s*\\choose\s+([^{}\\]+?)\s*\}/g, '\\binom{$1}{$2}');
  return withoutStop(joinedDigits(withoutLayout(determinants(plain))).replace(/\s+/g, ' ')).trim();
}

export const ENVIRONMENT =
  /\\begin\s*\{(?:([pbvBV]?(?:small)?matrix)|array)\}(?:\s*\[[a-z]\])?(?:\s*\{[lcr|\s@{}]*\})?(.*?)\\end\s*\{(?:[pbvBV]?(?:small)?matrix|array)\}/s;

export const rowsOf = (body: string): string[][] =>
  body
    .replace(/\\hline/g, '')
    .split(/\\\\(?:\s*\[[^\]]*\])?/)
    .filter((row) => row.trim() !== '')
    .map((row) => row.split('&').map((cell) => cell.trim()));

/** Determinants between bars as expressions. */
function determinants(text: string): string {
  const match = ENVIRONMENT.exec(text);
  if (match?.[1] !== 'vmatrix') return text;
  const rows = rowsOf(match[2] as string);
  const fits = rows.length <= 4 && rows.every((row) => row.length === rows.length);
  return fits ? text.replace(match[0], () => `(${determinant(rows)})`) : text;
}

function determinant(rows: readonly (readonly string[])[]): string {
  const [first = [], ...rest] = rows;
  if (rest.length === 0) return `(${first[0]})`;
  return first
    .map(
      (cell, i) =>
        `${i % 2 === 0 ? '+' : '-'}(${cell})(${determinant(rest.map((row) => row.filter((_, j) => j !== i)))})`,
    )
    .join('')
    .slice(1);
}
