/** Digests that identify a file: to check a download, or to recognise a registered data set. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';

/** SHA-256 of bytes or UTF-8 text, in hexadecimal. */
export const sha256Of = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** SHA-256 of a file, in hexadecimal. */
export const sha256OfFile = (path: string): Promise<string> => digestOfFile(path, 'sha256', '');

/** Git's id of a file's content: SHA-1 over a header and the bytes. */
export const gitBlobId = (path: string): Promise<string> => digestOfFile(path, 'sha1', `blob ${statSync(path).size}\0`);

async function digestOfFile(path: string, algorithm: string, head: string): Promise<string> {
  const hash = createHash(algorithm).update(head);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
