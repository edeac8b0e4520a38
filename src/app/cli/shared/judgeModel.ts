/** Opens the model that judges, by its name. */
import { openModel } from '../../../engine/model/load';
import { requireTokenizer } from '../../../engine/model/model';
import type { ChatModel } from '../../../method/rollout/chat';
import { generate } from '../../../method/rollout/generate';
import { isAddress } from '../../../method/rollout/remote/address';
import { openChat } from '../../../method/rollout/remote/openChat';
import type { EndpointSettings } from '../../../method/rollout/remote/settings';

/** Conversations decoded at once. Few, because judges read long prompts and the cache grows with length and number. */
const MAX_BATCH = 16;

/**
 * Opens a model, in this process or behind a server (which is asked as `endpoint` says), as a judge that replies in words.
 * Throws InputError if there is none.
 */
export async function openJudgeModel(spec: string, endpoint: EndpointSettings): Promise<ChatModel> {
  if (isAddress(spec)) return openChat(spec, endpoint);
  const model = await openModel(spec);
  const { renderChat, encode, escapes } = requireTokenizer(model);
  return {
    name: model.name,
    escapes,
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
