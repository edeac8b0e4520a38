// The process in which inputs are read, so that one that never ends or takes all memory ends nothing else. It gets {reader}, then lists
// of seeds, and answers each list with the faults: none where the reader returned or refused in a good sentence.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutate, randomOf } from './mutate.mjs';
import { lib, READERS } from './readers.mjs';

const { ToldError } = lib('base/records/errors.js');
const [, , scratch] = process.argv;
/** A sentence longer than this is no sentence: it carries a part of the input with it. */
const LONGEST_MESSAGE = 1000;
const CONTROL = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/u;

/** The good inputs of a reader, each in a folder with the files that may be spoilt. */
const prepared = new Map();
async function inputsOf(name) {
  if (prepared.has(name)) return prepared.get(name);
  const { good, spoil } = READERS[name];
  const inputs = [];
  for (const [i, make] of good.entries()) {
    const folder = join(scratch, name.replaceAll(' ', '-'), String(i));
    await make(folder);
    const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = all
      .filter((entry) => spoil(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    inputs.push({ folder, files: files.map((path) => ({ path, bytes: readFileSync(path) })) });
  }
  prepared.set(name, inputs);
  return inputs;
}

/** What is wrong with an error, if anything. */
function judge(error, folder) {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ToldError) || error.exitCode !== 2) {
    const place = /dist\/([\w/]+)\.js/.exec(error?.stack ?? '')?.[1] ?? 'unknown';
    return { kind: 'crash', message: `${error?.name}: ${message.slice(0, 300)}`, place };
  }
  const shown = message.replaceAll(folder, 'FOLDER');
  if (CONTROL.test(shown)) return { kind: 'unprintable', message: JSON.stringify(shown.slice(0, 300)) };
  if (shown.length > LONGEST_MESSAGE) return { kind: 'long', message: shown.slice(0, 300) };
  return undefined;
}

/** Settles what a reader left behind: an error that comes later than its return is a fault, too. */
let late;
for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, (error) => (late = error));

async function attempt(reader, seed) {
  const random = randomOf(seed);
  const inputs = await inputsOf(reader);
  const { folder, files } = random.pick(inputs);
  const { path, bytes } = random.pick(files);
  const other = random.pick(random.pick(inputs).files).bytes;
  const spoilt = mutate(bytes, other, random);
  writeFileSync(path, spoilt);
  late = undefined;
  let fault;
  try {
    await READERS[reader].read(folder, path);
  } catch (error) {
    fault = judge(error, folder);
  }
  await new Promise((resolve) => setImmediate(resolve));
  fault ??= late && { ...judge(late, folder), kind: 'crash' };
  writeFileSync(path, bytes);
  return fault && { seed, ...fault, file: path.slice(folder.length + 1) };
}

let reader;
process.on('message', async (message) => {
  try {
    if (message.reader) {
      reader = message.reader;
      await inputsOf(reader);
      process.send({ ready: true });
      return;
    }
    const read = [];
    for (const seed of message) {
      const fault = await attempt(reader, seed);
      if (fault) read.push(fault);
    }
    process.send({ read });
  } catch (error) {
    process.send({ broken: String(error?.stack) });
  }
});
