/**
 * Makes text from data or models safe to put into a prompt. Tokenizers recognise control tokens anywhere, so a rubric
 * that contains `<|im_end|>` would close the turn. Such tokens are respelled so that they stay text.
 */

/**
 * Matches the first character of what chat formats write around turns: ChatML, Llama, Mistral, Gemma and thinking tags.
 * Some models have these as text and not as tokens, and the tokens of a model behind a server are not known.
 */
const MARKS = '<(?=\\/?(?:[|｜]|think|s>|bos>|eos>|pad>|unk>|start_of_turn|end_of_turn|<\\/?SYS))|\\[(?=\\/?INST)';

/** How text is respelled for one model. */
export interface Escapes {
  /** For plain text: a blank after the first character breaks the token. */
  text(text: string): string;
  /** For JSON text: the first character becomes an escape sequence, which JSON reads back as the same character. */
  json(json: string): string;
}

const unicodeEscape = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }).join('');

/** The respelling for a model with these control tokens; they may be written in other cases. */
export function escapes(controlTokens: readonly string[]): Escapes {
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  const split = controlTokens.map((token) => [...token]);
  const starts = split
    .filter((points) => points.length > 1)
    .map(([head = '', ...rest]) => `${literal(head)}(?=${literal(rest.join(''))})`);
  const first = new RegExp([MARKS, ...starts].join('|'), 'gi');
  const single = split.filter((points) => points.length === 1).map(([point = '']) => literal(point));
  const alone = single.length > 0 ? new RegExp(single.join('|'), 'g') : undefined;
  return {
    text: (text) => {
      const broken = text.replace(first, '$& ');
      return alone ? broken.replace(alone, unicodeEscape) : broken;
    },
    json: (json) => {
      const broken = json.replace(first, unicodeEscape);
      return alone ? broken.replace(alone, unicodeEscape) : broken;
    },
  };
}

/** The respelling for a model whose tokens are not known. */
export const COMMON_ESCAPES = escapes([]);
