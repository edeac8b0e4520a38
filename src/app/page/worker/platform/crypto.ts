/** node:crypto in a tab, as far as it is used: digests, at once, which the browser's own would give only later. */
import { sha256 } from '@noble/hashes/sha2.js';

export function createHash(name: string) {
  if (name !== 'sha256') throw new Error(`a page has no digest ${name}`);
  const hash = sha256.create();
  const own = {
    update: (data: string | Uint8Array) => {
      hash.update(typeof data === 'string' ? new TextEncoder().encode(data) : data);
      return own;
    },
    digest: (encoding: 'hex' | 'base64') => Buffer.from(hash.digest()).toString(encoding),
  };
  return own;
}
