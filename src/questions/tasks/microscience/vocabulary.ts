/**
 * The vocabulary of a suite, collected from every template, noun, key, law and rubric word (without sampling, and the
 * same for all worlds of the suite), and the Hugging Face tokenizer files made from it. Each word is one token; decoding joins
 * tokens by single spaces.
 */

import { InputError } from '../../../base/records/errors';
import { draft, GENERIC, renderMicroscienceRubric, toCriteria } from './criteria';
import { allNumbers, spell, type Template, type TemplateFacts } from './families/problem';
import type { World } from './families/world';
import { type Suite, suiteOf, templatesOf } from './suites';
import { SPECIAL_TOKENS } from './tokens';

const [PAD, END] = SPECIAL_TOKENS;

/** Calls `add` with all text that a template can give for one combination of numbers. */
function addFacts({ words = {}, given, unit, laws }: TemplateFacts, add: (text: string) => void): void {
  for (const text of [...Object.values(words), given, unit]) add(text);
  for (const law of laws) {
    for (const slipped of [false, true]) add(law.solve(slipped).text);
    add(law.step);
  }
}

/** Calls `add` with all text of a template that does not depend on its numbers. */
function addSurface({ phrasings, nouns }: Template, add: (text: string) => void): void {
  for (const phrasing of phrasings) add(phrasing.replace(/\{\w+\}/g, ' '));
  for (const choices of Object.values(nouns)) for (const noun of choices) add(noun);
}

/** Every word of the suite: special tokens first, then words sorted by code unit. */
export function buildVocabulary(suite: Suite): string[] {
  const words = new Set<string>();
  const add = (text: string) => {
    for (const word of spell(text.trim()).split(/\s+/)) if (word) words.add(word);
  };
  for (let digit = 0; digit <= 9; digit++) words.add(String(digit));
  for (const template of templatesOf(suite)) {
    addSurface(template, add);
    for (const numbers of allNumbers(template)) addFacts(template.facts(numbers), add);
  }
  for (const text of suite.drilled) add(text);
  const facts = {
    family: 'PHYS',
    template: '',
    key: '',
    given: '',
    unit: '',
    law: '',
    step: '',
    wrong: '',
    mistake: '',
  } as const;
  const kinds = ['law', 'step', 'unit', 'given', 'pitfall'] as const;
  const drafts = [...kinds.map((kind) => draft(facts, kind)), draft({ ...facts, unit: 'm' }, 'unit'), ...GENERIC];
  add(renderMicroscienceRubric(toCriteria(drafts)));
  add('Given So \\boxed{ } A B');
  return [...SPECIAL_TOKENS, ...[...words].sort()];
}

/** The words of a suite in the order of their ids, the id of each, and how many words a sequence may have. */
export interface Vocabulary {
  readonly positions: number;
  readonly words: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
}

const built = new Map<Suite, Vocabulary>();

/** The vocabulary of a world's suite, built once. */
export function vocabularyOf(world: World): Vocabulary {
  const suite = suiteOf(world);
  const known = built.get(suite);
  if (known) return known;
  const words = buildVocabulary(suite);
  const vocabulary = { positions: suite.positions, words, ids: new Map(words.map((word, id) => [word, id])) };
  built.set(suite, vocabulary);
  return vocabulary;
}

/** Ids of tokens; faster than a tokenizer because nothing must be split. Throws `InputError` for an unknown word. */
export function encodeTokens({ ids }: Vocabulary, tokens: readonly string[]): number[] {
  return tokens.map((token) => {
    const id = ids.get(token);
    if (id === undefined) throw new InputError(`microscience has no word "${token}"; use the words of its vocabulary.`);
    return id;
  });
}

/** The tokenizer files of a model folder, by name. */
export function tokenizerFiles({
  words,
  positions,
}: Vocabulary): Record<'tokenizer.json' | 'tokenizer_config.json' | 'special_tokens_map.json', object> {
  const added = SPECIAL_TOKENS.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    'tokenizer.json': {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: '<unk>' },
    },
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      pad_token: PAD,
      eos_token: END,
      clean_up_tokenization_spaces: false,
      model_max_length: positions,
      added_tokens_decoder: Object.fromEntries(added.map(({ id, ...token }) => [String(id), token])),
    },
    'special_tokens_map.json': { pad_token: PAD, eos_token: END },
  };
}
