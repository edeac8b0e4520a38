/**
 * Shared by `score` and `generate`: opening the model, and reading prompts and completions as text, messages or token
 * ids.
 */

import { DATE_PATTERN, TEMPLATE_DATE } from '../../../base/config/templateDate';
import { InputError } from '../../../base/records/errors';
import { shownValue } from '../../../base/records/printable';
import { isObject } from '../../../base/records/values';
import type { ChatMessage } from '../../../engine/files/tokenizer';
import { openModel } from '../../../engine/model/load';
import { type LanguageModel, requireTokenizer } from '../../../engine/model/model';
import { type ModelPlace, trainedModel } from '../../../engine/model/trained';
import type { Option } from './arguments';
import { choiceOption, type ParsedArguments, textOption } from './arguments';
import type { InputRow } from './jsonl';

export const MODEL_OPTIONS: readonly Option[] = [
  { name: 'model', value: 'MODEL', help: 'model name, folder, .gguf file or training run (default: microscience)' },
  { name: 'adapter', value: 'FOLDER', help: 'PEFT adapter for the model' },
  {
    name: 'date',
    value: 'YYYY-MM-DD',
    help: `the day that a chat template takes for today (default: ${TEMPLATE_DATE})`,
  },
];

/** For commands that render messages. */
export const THINKING_OPTION: Option = {
  name: 'thinking',
  value: 'true|false',
  help: "thinking mode of the chat template, for rows with messages (default: the template's own)",
};

/** Whether the template shall think; undefined leaves it to the template. */
export const chosenThinking = (args: ParsedArguments): boolean | undefined =>
  args.options.thinking === undefined ? undefined : choiceOption(args, 'thinking', ['true', 'false']) === 'true';

/** Where the model lies that the options name. */
export function chosenModel(args: ParsedArguments): ModelPlace {
  const adapter = textOption(args, 'adapter', undefined);
  const model = textOption(args, 'model', 'microscience');
  return adapter === undefined ? trainedModel(model) : { model, adapter };
}

export function openChosenModel(args: ParsedArguments): Promise<LanguageModel> {
  const place = chosenModel(args);
  const date = textOption(args, 'date', TEMPLATE_DATE);
  if (!DATE_PATTERN.test(date)) throw new InputError(`--date must be a day written YYYY-MM-DD; it is ${date}.`);
  return openModel(place.model, { ...place, date });
}

/** Runs `work`; an InputError from it gets the row's place in front of its message. */
export function at<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${where}: ${error.message}`);
    throw error;
  }
}

/** Token ids from a row, checked against the vocabulary. */
function givenIds(row: InputRow, name: string, vocabSize: number): number[] {
  const ids = row.fields[name];
  if (!Array.isArray(ids)) throw new InputError(`${row.where}: the field "${name}" must be a list of token ids.`);
  const bad = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad < 0) return ids as number[];
  throw new InputError(
    `${row.where}: "${name}" contains ${shownValue(ids[bad])} at position ${bad}, which is not an id of a vocabulary of ${vocabSize}.`,
  );
}

function messagesOf(row: InputRow): ChatMessage[] {
  const { messages } = row.fields;
  const isMessage = (message: unknown) =>
    isObject(message) &&
    typeof message.content === 'string' &&
    ['system', 'user', 'assistant'].includes(String(message.role));
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)) return messages as ChatMessage[];
  throw new InputError(`"messages" must be a list of {"role": "system" | "user" | "assistant", "content": text}.`);
}

/** The one of several fields that the row has. Throws InputError if it has none of them or more than one. */
function onlyOne(row: InputRow, names: readonly string[]): string {
  const present = names.filter((name) => row.fields[name] !== undefined);
  if (present.length === 1) return present[0] as string;
  const what = present.length === 0 ? 'one of them is needed' : `it has ${present.join(' and ')}`;
  throw new InputError(`${row.where}: a row must have exactly one of ${names.join(', ')}; ${what}.`);
}

function encodeText(row: InputRow, name: string, model: LanguageModel): number[] {
  const text = row.fields[name];
  if (typeof text !== 'string') throw new InputError(`${row.where}: the field "${name}" must be text.`);
  return at(row.where, () => requireTokenizer(model).encode(text));
}

/**
 * Token ids of the row's prompt: text is encoded as it is, messages are rendered with the generation prompt, in the given mode of
 * thinking. Never empty.
 */
export function promptIds(row: InputRow, model: LanguageModel, enableThinking?: boolean): number[] {
  const name = onlyOne(row, PROMPT_FIELDS);
  const ids =
    name === 'prompt_ids'
      ? givenIds(row, name, model.config.vocabSize)
      : name === 'prompt'
        ? encodeText(row, name, model)
        : at(row.where, () => {
            const tokenizer = requireTokenizer(model);
            return tokenizer.encode(
              tokenizer.renderChat(messagesOf(row), { addGenerationPrompt: true, enableThinking }),
            );
          });
  if (ids.length === 0) throw new InputError(`${row.where}: "${name}" is empty; give at least one token.`);
  return ids;
}

/** Token ids of the row's completion; no end token is appended. */
export function completionIds(row: InputRow, model: LanguageModel): number[] {
  const name = onlyOne(row, COMPLETION_FIELDS);
  return name === 'completion' ? encodeText(row, name, model) : givenIds(row, name, model.config.vocabSize);
}

/** The fields in which a prompt or a completion can be given. */
export const PROMPT_FIELDS = ['prompt', 'messages', 'prompt_ids'] as const;
export const COMPLETION_FIELDS = ['completion', 'completion_ids'] as const;
