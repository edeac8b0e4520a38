/** The special tokens and the layout of prompts, which consist of structural tokens instead of prose. */

/** Special tokens in the order of their ids, from 0. `<end>` ends every completion. */
export const SPECIAL_TOKENS = [
  '<pad>',
  '<end>',
  '<|user|>',
  '<|ref|>',
  '<|rubric|>',
  '<|solve|>',
  '<|write|>',
  '<|calc|>',
  '<|assistant|>',
] as const;

/** The parts of a prompt as token text. */
export interface PromptParts {
  readonly purpose: 'answer' | 'rubric' | 'drill';
  readonly question?: string;
  /** Reference answer with its unit. */
  readonly answer?: string;
  readonly rubric?: string;
}

const PURPOSES = { answer: '<|solve|>', rubric: '<|write|>', drill: '<|calc|>' } as const;

/**
 * `<|user|> question [<|ref|> answer] [<|rubric|> rubric] purpose <|assistant|>`; prompts of student and teacher differ
 * only in the brackets.
 */
export function promptTokens({ purpose, question, answer, rubric }: PromptParts): string[] {
  const part = (token: string, text: string | undefined) => (text === undefined ? [] : [token, ...text.split(' ')]);
  return [
    ...part('<|user|>', question),
    ...part('<|ref|>', answer),
    ...part('<|rubric|>', rubric),
    PURPOSES[purpose],
    '<|assistant|>',
  ];
}
