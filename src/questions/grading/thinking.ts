/**
 * Separates the thinking part of a response, which never counts as an answer or a rubric: `<think> ... </think>` and the other marks that
 * published models put around it.
 */

/** How a pair of marks looks; a mark closes only what a mark of its own form has opened. */
type Form = 'angle' | 'square' | 'triangle' | 'bar' | 'channel' | 'unused' | 'details' | 'heading';

/** A mark around thinking; `end` is the index after it. */
export interface ThinkTag {
  readonly index: number;
  readonly end: number;
  readonly closing: boolean;
  readonly form: Form;
}

/** Names in angle brackets, as in `<think>`, `<seed:think>`, `<thought>`. */
const NAMES =
  'think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|analysis|ant_?thinking|(?:inner|internal)_monologue|monologue|' +
  '[a-z]{1,12}[:_]think(?:ing)?|cot|rationale';
/** What opens and what closes thinking in each form. Headings open it at the start of a response only. */
const FORMS: Readonly<Record<Form, readonly [string, string]>> = {
  angle: [`< {0,2}(?:${NAMES}) {0,2}>`, `< {0,2}/ {0,2}(?:${NAMES}) {0,2}>`],
  square: ['\\[(?:THINK|THINKING|REASONING)\\]', '\\[/(?:THINK|THINKING|REASONING)\\]'],
  triangle: ['◁think(?:ing)?▷', '◁/think(?:ing)?▷'],
  bar: [
    '<\\|(?:begin_of_thought|start_of_thought|START_THINKING|think(?:ing)?|thought|reasoning_start)\\|>',
    '<\\|(?:end_of_thought|END_THINKING|/think(?:ing)?|/thought|reasoning_end)\\|>',
  ],
  channel: [
    '<\\|?channel\\|?>\\s{0,2}(?:analysis|commentary|thought)\\b(?:<\\|message\\|>)?',
    '<\\|?channel\\|?>\\s{0,2}final\\b(?:<\\|message\\|>)?|<channel\\|>',
  ],
  unused: ['<unused94>(?:thought\\b)?', '<unused95>'],
  details: ['<details\\s{1,2}type="reasoning"[^<>]{0,80}>', '</details>'],
  heading: [
    '(?<![^\\s])(?:Here is my thought process:|Here are my reasoning steps:|#{1,3} Thinking(?=\\s*\\n))',
    '(?<=\\n)(?:Here is my response:|#{1,3} (?:Final )?Response(?=\\s*\\n))|\\[BEGIN FINAL RESPONSE\\]',
  ],
};
const NAMES_OF_FORMS = Object.keys(FORMS) as Form[];
const MARK = new RegExp(
  NAMES_OF_FORMS.map((form) => `(?<${form}0>${FORMS[form][0]})|(?<${form}1>${FORMS[form][1]})`).join('|'),
  'gi',
);
/** Marks of these forms mean something else where no thinking was opened in the text itself. */
const OPENED_HERE: readonly Form[] = ['channel', 'details', 'heading'];

/** The first mark of thinking at or after `from`. Case, inner blanks and spelling vary between models. */
export function findThinkTag(text: string, from: number): ThinkTag | undefined {
  MARK.lastIndex = from;
  for (let match = MARK.exec(text); match; match = MARK.exec(text)) {
    const [name] = Object.entries(match.groups ?? {}).find(([, mark]) => mark !== undefined) as [string, string];
    const tag = {
      index: match.index,
      end: MARK.lastIndex,
      closing: name.endsWith('1'),
      form: name.slice(0, -1) as Form,
    };
    if (tag.form !== 'heading' || tag.closing || text.slice(0, tag.index).trim() === '') return tag;
  }
  return undefined;
}

/** The next mark that opens thinking. */
export function findThinking(text: string, from: number): ThinkTag | undefined {
  let tag = findThinkTag(text, from);
  while (tag?.closing) tag = findThinkTag(text, tag.end);
  return tag;
}

/** Where the thinking that a mark opens ends; undefined if it never does. */
export function endOfThinking(text: string, { end, form }: ThinkTag): number | undefined {
  let tag = findThinkTag(text, end);
  while (tag && !(tag.closing && tag.form === form)) tag = findThinkTag(text, tag.end);
  return tag?.end;
}

/**
 * Where the text continues after thinking that the prompt had opened (the first tag closes); 0 if there is no such
 * thinking.
 */
export function endOfOpenedThinking(text: string): number {
  const first = findThinkTag(text, 0);
  return first?.closing && !OPENED_HERE.includes(first.form) ? first.end : 0;
}

/** The text without its thinking; if thinking is never closed, the rest of the text is removed with it. */
export function dropThinking(text: string): string {
  let kept = '';
  let from = endOfOpenedThinking(text);
  for (;;) {
    const open = findThinking(text, from);
    if (!open) return kept + text.slice(from);
    kept += text.slice(from, open.index);
    const end = endOfThinking(text, open);
    if (end === undefined) return kept;
    from = end;
  }
}
