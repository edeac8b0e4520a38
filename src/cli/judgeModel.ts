/** The model that judges, by its name. */
import { openModel } from '../model/load';
import { requireTokenizer } from '../model/model';
import { InputError } from '../records/errors';
import type { ChatModel } from '../rollout/chat';
import { generate } from '../rollout/generate';

/** Conversations decoded at once: judges read long prompts, and their cache grows with both. */
const MAX_BATCH = 16;

/** Opens a local model as a judge that is asked in words. Throws InputError for anything else. */
export async function openJudgeModel(spec: string): Promise<ChatModel> {
  if (/^https?:/.test(spec))
    throw new InputError(`--judge ${spec}: servers are not supported yet; name a local model.`);
  const model = await openModel(spec);
  const { renderChat, encode } = requireTokenizer(model);
  return {
    name: model.name,
    async chat(requests, options) {
      const [first] = requests;
      if (!first) return [];
      const { temperature, topP, maxTokens, seed } = first;
      const prompts = requests.map(({ messages }) => {
        const text = renderChat(messages, { addGenerationPrompt: true });
        return { questionId: text, sample: 0, promptTokens: encode(text) };
      });
      const sampling = { temperature, topP, topK: 0, maxTokens, seed, maxBatch: MAX_BATCH };
      const rollouts = await generate(model, prompts, { ...sampling, ...options });
      return rollouts.map(({ text, finishReason, promptTokens, completionTokens }) => ({
        text,
        finishReason,
        promptTokens: promptTokens.length,
        completionTokens: completionTokens.length,
        cached: false,
      }));
    },
    dispose: model.dispose,
  };
}
