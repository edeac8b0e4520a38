/** Brings mathematics in Unicode, LaTeX and plain text into one notation, without changing what it says. */

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ';
const SUPERSCRIPTS_MEAN = '0123456789+-()ni';
const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₒₓₙₘₖₗₚₛₜᵢⱼ';
const SUBSCRIPTS_MEAN = '0123456789+-()aeoxnmklpstij';
const GREEK: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'α alpha, β beta, γ gamma, δ delta, ε epsilon, ϵ epsilon, ζ zeta, η eta, θ theta, ϑ theta, κ kappa, λ lambda, μ mu, ν nu, ξ xi, ' +
    'π pi, ρ rho, σ sigma, τ tau, φ phi, ϕ phi, χ chi, ψ psi, ω omega, Γ Gamma, Δ Delta, Θ Theta, Λ Lambda, Ξ Xi, Π Pi, Σ Sigma, ' +
    'Φ Phi, Ψ Psi, Ω Omega'
  )
    .split(', ')
    .map((pair) => pair.split(' ') as [string, string]),
);
/** Characters and their LaTeX. */
const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/[−‒–—]/g, '-'],
  [/[×✕✖]/g, '\\times '],
  [/[·⋅∙•]/g, '\\cdot '],
  [/÷/g, '\\div '],
  [/≤|⩽|≦|<=/g, '\\le '],
  [/≥|⩾|≧|>=/g, '\\ge '],
  [/≠|!=|\/=(?!=)/g, '\\ne '],
  [/≈|≃|≅/g, '\\approx '],
  [/∞/g, '\\infty '],
  [/±/g, '\\pm '],
  [/∓/g, '\\mp '],
  [/∈/g, '\\in '],
  [/∪/g, '\\cup '],
  [/∩/g, '\\cap '],
  [/[∅⌀]|\\varnothing(?![a-z])/g, '\\emptyset '],
  [/∖|\\backslash(?![a-z])/g, '\\setminus '],
  [/[°º˚]/g, '\\degree '],
  [/\^\s*\{?\s*\\circ\s*\}?|\\degrees?(?![a-z])/g, '\\degree '],
  [/\*\*/g, '^'],
  [/∣|\\[lr]?vert(?![a-z])|\\mid(?![a-z])/g, '|'],
  [/\\(?:leqslant|leq|leqq)(?![a-z])/g, '\\le '],
  [/\\(?:geqslant|geq|geqq)(?![a-z])/g, '\\ge '],
  [/\\lt(?![a-z])/g, '<'],
  [/\\gt(?![a-z])/g, '>'],
  [/\\(?:neq|not\s*=)(?![a-z])/g, '\\ne '],
  [/\\(?:simeq|cong|doteq)(?![a-z])/g, '\\approx '],
  [/\\(?:ast|star)(?![a-z])/g, '*'],
  [/\\[dtc]frac(?![a-z])/g, '\\frac'],
  [/\\[dt]binom(?![a-z])/g, '\\binom'],
  [/\\(?:text(?:normal|up|md|sf|tt|sc)|emph)(?![a-z])/g, '\\text'],
  [/\\%|\\percent(?![a-z])/g, '%'],
  [/\\(?:cdotp|bullet)(?![a-z])/g, '\\cdot '],
  [/\\(?:lbrace)(?![a-z])/g, '\\{'],
  [/\\(?:rbrace)(?![a-z])/g, '\\}'],
  [/\\l(?:brack)(?![a-z])/g, '['],
  [/\\r(?:brack)(?![a-z])/g, ']'],
];

/** Full-width, mathematical and foreign digits and letters, superscripts, fractions, roots and signs as LaTeX. */
export function fromUnicode(text: string): string {
  if (!/[^ -~]/.test(text)) return text;
  return text
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ]+/g, (run) => `^{${translate(run, SUPERSCRIPTS, SUPERSCRIPTS_MEAN)}}`)
    .replace(/[₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₒₓₙₘₖₗₚₛₜᵢⱼ]+/g, (run) => `_{${translate(run, SUBSCRIPTS, SUBSCRIPTS_MEAN)}}`)
    .replace(/[¼-¾⅐-⅞↉]/g, (sign) => {
      const [over = '', under = ''] = sign.normalize('NFKC').split('⁄');
      return `\\frac{${over}}{${under}}`;
    })
    .replace(/[º˚]/g, '°')
    .replace(/ℝ/g, '\\mathbb{R}')
    .replace(/[｛｝]/g, (brace) => (brace === '｛' ? '\\{' : '\\}'))
    .replace(/\p{Nd}/gu, digitOf)
    .normalize('NFKC')
    .replace(/√\s*(\d+(?:\.\d+)?|\p{L})?/gu, (_, under?: string) => (under ? `\\sqrt{${under}}` : '\\sqrt '))
    .replace(/([∛∜])\s*(\d+(?:\.\d+)?|\p{L})?/gu, (_, root: string, under?: string) => {
      const degree = root === '∛' ? 3 : 4;
      return under ? `\\sqrt[${degree}]{${under}}` : `\\sqrt[${degree}] `;
    })
    .replace(/[α-ωϑϕϵΓ-Ω]/g, (letter) => (GREEK[letter] ? `\\${GREEK[letter]} ` : letter))
    .replace(/⁄|∕/g, '/')
    .replace(/、/g, ',')
    .replace(/[⟨〈]/g, '\\langle ')
    .replace(/[⟩〉]/g, '\\rangle ')
    .replace(/[‘’′]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/。\s*$/, '.');
}

const translate = (run: string, from: string, to: string): string =>
  Array.from(run, (c) => to[from.indexOf(c)] ?? c).join('');

/** The value of a decimal digit of any script; their blocks are runs of ten, except among mathematical letters. */
function digitOf(digit: string): string {
  const code = digit.codePointAt(0) as number;
  if (code < 128) return digit;
  if (code >= 0x1d7ce && code <= 0x1d7ff) return String((code - 0x1d7ce) % 10);
  let start = code;
  while (code - start < 9 && /\p{Nd}/u.test(String.fromCodePoint(start - 1))) start--;
  return String(code - start);
}

/** One notation for signs that have several, in LaTeX or Unicode. */
export const plainSigns = (text: string): string =>
  SYMBOLS.reduce((plain, [pattern, sign]) => plain.replace(pattern, sign), fromUnicode(text));

const WRAPPER =
  /\\(?:text|mathrm|mathbf|mathit|mathsf|textbf|textit|textrm|mbox|operatorname|hbox|bm|boldsymbol|rm|bf)\s*\*?/;
const WRAPPED = new RegExp(`${WRAPPER.source}\\s*\\{([^{}]*)\\}`, 'g');

/** Takes the text out of `\text{...}`, `\mathrm{...}` and the like. */
export function unwrapped(text: string): string {
  let plain = text;
  for (let before = '', rounds = 0; before !== plain && rounds < 8; rounds++) {
    before = plain;
    plain = plain.replace(WRAPPED, '$1');
  }
  return plain;
}

const SPACES = /(?<!\\)\\[,:;> ]|(?<!\\)\\!|~|\\(?:quad|qquad|enspace|thinspace|medspace|thickspace|hfill)(?![a-z])/g;

/** Removes sizes, dollars, other delimiters of mathematics and special blanks; a row's end `\\` stays. */
export const withoutLayout = (text: string): string =>
  text
    .replace(/\\(?:left|right|middle|[bB]igg?[lrm]?)(?![a-zA-Z])\s*\.?/g, '')
    .replace(
      /\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|mathstrut|strut|allowbreak|nobreak|boldmath)(?![a-z])/g,
      '',
    )
    .replace(/\\(?:phantom|hphantom|vphantom)\s*\{[^{}]*\}/g, '')
    .replace(/(?<=\d),\\!\s*(?=\d{3}(?!\d))|(?<!\\)\\!/g, '')
    .replace(SPACES, ' ')
    .replace(/(?<!\\)\$/g, '')
    .replace(/(?<!\\)\\[()[\]](?!\d*pt)/g, '');

/** A text whose every command has its backslash twice, as in a string of JSON, with each of them once. */
export const withoutEscapes = (text: string): string =>
  /\\\\[a-zA-Z]{2}/.test(text) && !/(?<!\\)\\(?:\\\\)*[a-zA-Z]/.test(text) ? text.replaceAll('\\\\', '\\') : text;

/** Digits in groups as one number: `10 000`, `9{,}007`, and `1,234` outside brackets, where a comma separates items. */
export function joinedDigits(text: string): string {
  const marked = text.replace(/(\d)\s*\{,\}\s*(?=\d{3}(?!\d))/g, '$1');
  const spaced = marked.replace(/(?<![\d.,])\d{1,3}(?:[ ']\d{3})+(?!\d)/g, (number) => number.replace(/[ ']/g, ''));
  if (/[([]|\\\{/.test(spaced)) return spaced;
  return spaced.replace(/(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d,])/g, (number) => number.replaceAll(',', ''));
}
