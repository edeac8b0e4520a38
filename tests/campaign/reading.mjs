// The process in which inputs are read, so that one that never ends or takes all memory ends nothing else. It gets {id, reader, seed}
// and answers {id} with what became of it: nothing where the reader returned or refused in a good sentence.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

async function attempt({ reader, seed }) {
  const random = randomOf(seed);
  const inputs = await inputsOf(reader);
  const { folder, files } = random.pick(inputs);
  const { path, bytes } = random.pick(files);
  const other = random.pick(random.pick(inputs).files).bytes;
  const spoilt = mutate(bytes, other, random);
  writeFileSync(path, spoilt);
  writeFileSync(join(scratch, 'last'), spoilt);
  late = undefined;
  let fault;
  try {
    await READERS[reader].read(folder, path);
  } catch (error) {
    fault = judge(error, folder);
  }
  await new Promise((resolve) => setImmediate(resolve));
  fault ??= late && { ...judge(late, folder), kind: 'crash' };
  // A path can have been made a folder or removed by what was tried.
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return fault && { ...fault, input: spoilt.subarray(0, 4000).toString('base64'), file: path.slice(folder.length + 1) };
}

process.on('message', async ({ reader, seeds }) => {
  try {
    await inputsOf(reader);
    for (const seed of seeds) {
      process.send({ begins: seed });
      process.send({ seed, fault: await attempt({ reader, seed }) });
    }
    process.send({ done: true });
  } catch (error) {
    process.send({ broken: String(error?.stack) });
  }
});
