/**
 * Makes text from data or models safe to put into a prompt. Tokenizers recognise special tokens anywhere, so a rubric
 * that contains `<|im_end|>` would close the turn. Such tokens are respelled so that they stay text.
 */

/**
 * Matches the first character of what chat formats treat as special: ChatML, Llama, Mistral, Gemma and thinking tags.
 */
const SPECIAL = /<(?=\/?(?:[|｜]|think|s>|bos>|eos>|pad>|unk>|start_of_turn|end_of_turn|<\/?SYS))|\[(?=\/?INST)/gi;

/** For plain text: a blank after the first character breaks the token. */
export function escapeText(text: string): string {
  return text.replace(SPECIAL, '$& ');
}

/** For JSON text: the first character becomes an escape sequence, which JSON reads back as the same character. */
export function escapeJson(json: string): string {
  return json.replace(SPECIAL, (first) => `\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
