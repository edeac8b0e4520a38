/** A judge that replies from a script: the interface of chat models with whatever text a model could give. */
import type { ChatModel, ChatRequest } from '../../src/method/rollout/chat';

/** Replies by `reply`, and keeps what it was asked, one list a round. */
export function scriptedJudge(reply: (request: ChatRequest, index: number) => string): ChatModel & {
  readonly rounds: (readonly ChatRequest[])[];
} {
  const rounds: (readonly ChatRequest[])[] = [];
  let index = 0;
  return {
    name: 'scripted',
    rounds,
    chat: async (requests) => {
      rounds.push(requests);
      return requests.map((request) => ({
        text: reply(request, index++),
        finishReason: 'stop',
        promptTokens: 10,
        completionTokens: 5,
        cached: false,
      }));
    },
    dispose: () => {},
  };
}

/** The user's turn of a request. */
export const askedText = ({ messages }: ChatRequest): string => messages[messages.length - 1]?.content ?? '';
