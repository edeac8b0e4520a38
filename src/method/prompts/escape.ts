/**
 * Text from data or models as part of a prompt. Tokenizers read special tokens wherever they stand, so a rubric that says
 * `<|im_end|>` would close the turn: such tokens are spelled so that they stay text.
 */

/** First characters of what chat formats treat as special: ChatML, Llama, Mistral, Gemma and thinking tags. */
const SPECIAL = /<(?=\/?(?:[|｜]|think|s>|bos>|eos>|pad>|unk>|start_of_turn|end_of_turn|<\/?SYS))|\[(?=\/?INST)/gi;

/** Plain text: a blank behind the first character breaks the token. */
export function escapeText(text: string): string {
  return text.replace(SPECIAL, '$& ');
}

/** JSON text: the first character becomes an escape that reads back as itself. */
export function escapeJson(json: string): string {
  return json.replace(SPECIAL, (first) => `\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
