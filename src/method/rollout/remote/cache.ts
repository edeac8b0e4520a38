/** Keeps replies on disk, one file each, named by the SHA-256 of the full question: server, path and request. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../base/records/atomic';
import { isObject } from '../../../engine/files/jsonl';
import type { ChatReply } from '../chat';

export type KeptReply = Omit<ChatReply, 'cached'>;

export interface ReplyCache {
  /** The kept reply to a request; undefined if there is none or its file is incomplete. */
  find(url: string, body: object): KeptReply | undefined;
  /** Keeps a reply; replaces a broken file. */
  keep(url: string, body: object, reply: KeptReply): void;
}

/** Opens a cache; its folders are created with the first reply. */
export function openReplyCache(folder: string): ReplyCache {
  const fileOf = (url: string, body: object): string => {
    const hash = createHash('sha256')
      .update(JSON.stringify([url, body]))
      .digest('hex');
    return join(folder, hash.slice(0, 2), `${hash}.json`);
  };
  return {
    find: (url, body) => readReply(fileOf(url, body)),
    keep: (url, body, reply) => writeFileAtomic(fileOf(url, body), `${JSON.stringify({ request: body, reply })}\n`),
  };
}

function readReply(file: string): KeptReply | undefined {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const reply = isObject(kept) && isObject(kept.reply) ? kept.reply : {};
    const { text, finishReason, promptTokens, completionTokens } = reply;
    const isWhole = typeof text === 'string' && Number.isFinite(promptTokens) && Number.isFinite(completionTokens);
    if (!isWhole || (finishReason !== 'stop' && finishReason !== 'length')) return undefined;
    return { text, finishReason, promptTokens: promptTokens as number, completionTokens: completionTokens as number };
  } catch {
    return undefined;
  }
}
