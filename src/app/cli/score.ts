/** `rcsd score`: computes log-probabilities of given completions, token by token. */
import { checkFits } from '../../method/scoring/align';
import { scoreCompletions } from '../../method/scoring/logprobs';
import type { Command } from './shared/command';
import { carriedFields, JSONL_OPTIONS, readRows, writeRows } from './shared/jsonl';
import {
  at,
  COMPLETION_FIELDS,
  chosenThinking,
  completionIds,
  MODEL_OPTIONS,
  openChosenModel,
  PROMPT_FIELDS,
  promptIds,
  THINKING_OPTION,
} from './shared/modelRows';
import { outputFile } from './shared/outputFile';
import { NOTHING_KEPT, sayingWhatIsKept } from './shared/stopped';

const KNOWN = [...PROMPT_FIELDS, ...COMPLETION_FIELDS];

export const command: Command = {
  options: [...MODEL_OPTIONS, THINKING_OPTION, ...JSONL_OPTIONS],
  notes: `Reads {id, prompt | messages | prompt_ids, completion | completion_ids} and writes {id, prompt_ids, completion_ids, logprobs};
other fields are copied. Prompt and completion are encoded separately; no special token is added and no end token appended.
Messages are rendered with the generation prompt. Natural logarithms, temperature 1.`,
  examples: ['rcsd score --model smollm2-135m --input pairs.jsonl --output scores.jsonl'],
  async run(args, { signal, progress }) {
    outputFile(args);
    const thinking = chosenThinking(args);
    const rows = await readRows(args, signal);
    const model = await openChosenModel(args);
    const sequences = rows.map((row) => {
      const sequence = { promptTokens: promptIds(row, model, thinking), completionTokens: completionIds(row, model) };
      at(row.where, () => checkFits([sequence], model.config));
      return sequence;
    });
    const { onProgress } = progress;
    const scores = await sayingWhatIsKept(NOTHING_KEPT, () =>
      scoreCompletions(model, sequences, { signal, onProgress, nameOf: (i) => rows[i]?.where ?? '' }),
    );
    writeRows(
      args,
      rows.map((row, i) => ({
        ...carriedFields(row, KNOWN),
        prompt_ids: sequences[i]?.promptTokens,
        completion_ids: sequences[i]?.completionTokens,
        logprobs: scores[i]?.logprobs,
      })),
    );
    model.dispose();
  },
};
