/**
 * Keeps replies on disk, one file each, named by the SHA-256 of all that was asked: server, path, request, and the settings
 * that the server is not told.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../base/records/atomic';
import { isObject } from '../../../base/records/values';
import { sha256Of } from '../../../engine/files/digest';
import type { KeptReply, Wire } from './protocol';

export interface ReplyCache {
  /** The kept reply to a request; undefined if there is none or its file is incomplete. */
  find(wire: Wire): KeptReply | undefined;
  /** Keeps a reply; replaces a broken file. */
  keep(wire: Wire, reply: KeptReply): void;
}

/** Opens a cache; its folders are created with the first reply. */
export function openReplyCache(folder: string): ReplyCache {
  const fileOf = ({ url, body, unsent }: Wire): string => {
    const hidden = Object.keys(unsent).length > 0 ? [unsent] : [];
    const hash = sha256Of(JSON.stringify([url, body, ...hidden]));
    return join(folder, hash.slice(0, 2), `${hash}.json`);
  };
  return {
    find: (wire) => readReply(fileOf(wire)),
    keep: (wire, reply) => writeFileAtomic(fileOf(wire), `${JSON.stringify({ request: wire.body, reply })}\n`),
  };
}

function readReply(file: string): KeptReply | undefined {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const reply = isObject(kept) && isObject(kept.reply) ? kept.reply : {};
    const { text, finishReason, promptTokens, completionTokens } = reply;
    const isWhole = typeof text === 'string' && Number.isFinite(promptTokens) && Number.isFinite(completionTokens);
    if (!isWhole || (finishReason !== 'stop' && finishReason !== 'length')) return undefined;
    // What an earlier version kept of an error or a refusal.
    if (text.trim() === '' && finishReason === 'stop') return undefined;
    return { text, finishReason, promptTokens: promptTokens as number, completionTokens: completionTokens as number };
  } catch {
    return undefined;
  }
}
