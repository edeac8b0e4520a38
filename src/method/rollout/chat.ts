/** The interface of a model that continues conversations, whether it runs in this process or on a server. */

import type { OperationOptions } from '../../base/records/events';
import type { Escapes } from '../../engine/files/escape';
import type { ChatMessage } from '../../engine/files/tokenizer';

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** 0 always takes the most likely token. */
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Asks for one JSON object; honoured by servers that can constrain their output. */
  readonly json?: boolean;
}

export interface ChatReply {
  /** Empty where the request failed. */
  readonly text: string;
  /** `failed` where a server gave no usable reply to this request, however often it was asked. */
  readonly finishReason: 'stop' | 'length' | 'failed';
  /** Why the request failed. */
  readonly failure?: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** True for a reply from the cache, which cost no computation and no money. */
  readonly cached: boolean;
}

/** `onReply` is called with every reply and the index of its request as soon as it arrives, in any order. */
export interface ChatCallOptions extends OperationOptions {
  readonly onReply?: (reply: ChatReply, index: number) => void;
}

/** Replies come in the order of the requests. */
export interface ChatModel {
  readonly name: string;
  /** How data are respelled for its tokens; absent where these are not known. */
  readonly escapes?: Escapes;
  chat(requests: readonly ChatRequest[], options?: ChatCallOptions): Promise<ChatReply[]>;
  dispose(): void;
}
