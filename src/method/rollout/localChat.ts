/** Lets a model of this process answer conversations. */
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import type { ChatCallOptions, ChatModel, ChatReply, ChatRequest } from './chat';
import { generate } from './generate';

/** Answers through the model's chat template. The random numbers depend only on seed, conversation and position. */
export function localChat(model: LanguageModel): ChatModel {
  const { renderChat, encode, escapes } = requireTokenizer(model);
  return {
    name: model.name,
    escapes,
    async chat(requests, options = {}) {
      const replies = new Array<ChatReply>(requests.length);
      for (const group of groupsOf(requests)) {
        const { temperature, topP, maxTokens } = requests[group[0] as number] as ChatRequest;
        const prompts = group.map((index) => {
          const { messages, seed } = requests[index] as ChatRequest;
          const text = renderChat(messages, { addGenerationPrompt: true });
          return { questionId: `${seed} ${text}`, sample: 0, promptTokens: encode(text) };
        });
        const sampling = { temperature, topP, topK: 0, maxTokens, seed: 0 };
        const rollouts = await generate(model, prompts, { ...sampling, ...progressOf(options) });
        rollouts.forEach(({ text, finishReason, promptTokens, completionTokens }, i) => {
          const [read, drawn] = [promptTokens.length, completionTokens.length];
          const index = group[i] as number;
          const reply = { text, finishReason, promptTokens: read, completionTokens: drawn, cached: false };
          replies[index] = reply;
          options.onReply?.(reply, index);
        });
      }
      return replies;
    },
    dispose: model.dispose,
  };
}

const progressOf = ({ signal, onProgress }: ChatCallOptions) => ({ signal, onProgress });

/** Groups indices of requests with the same sampling settings, which can be decoded together. */
function groupsOf(requests: readonly ChatRequest[]): number[][] {
  const groups = new Map<string, number[]>();
  requests.forEach(({ temperature, topP, maxTokens }, index) => {
    const key = [temperature, topP, maxTokens].join();
    groups.set(key, [...(groups.get(key) ?? []), index]);
  });
  return [...groups.values()];
}
