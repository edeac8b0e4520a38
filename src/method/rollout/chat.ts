/** Text from a model by conversation, whoever holds the weights: this process or a server. */

import type { OperationOptions } from '../../base/records/events';
import type { ChatMessage } from '../../engine/files/tokenizer';

/** One conversation to go on with. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** 0 takes the most likely token. */
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Asks for one JSON object where the model's server can hold it to that. */
  readonly json?: boolean;
}

/** What came back. */
export interface ChatReply {
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Taken from the cache: nothing was computed or paid. */
  readonly cached: boolean;
}

/** Options of a call; `onReply` hears every reply as it comes, in any order, with its request's index. */
export interface ChatCallOptions extends OperationOptions {
  readonly onReply?: (reply: ChatReply, index: number) => void;
}

/** A model that answers conversations; replies come in the order of the requests. */
export interface ChatModel {
  readonly name: string;
  chat(requests: readonly ChatRequest[], options?: ChatCallOptions): Promise<ChatReply[]>;
  dispose(): void;
}
