import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/app/cli/commands';

const ROOT = resolve(__dirname, '..');
const SRC = join(ROOT, 'src');

/** The way of the data, from the ground up: a wing imports from itself and from those before it. */
const WINGS = ['base', 'engine', 'questions', 'method', 'results', 'run', 'study', 'app'];
const MOST_LINES = 400;
const MOST_LINES_OF_A_FOLDER = 3000;

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .sort();
const text = (file: string) => readFileSync(join(SRC, file), 'utf8');
const lines = (file: string) => text(file).split('\n').length - 1;
const wingOf = (file: string) => WINGS.indexOf(file.split('/')[0] as string);

/** The modules that a file imports, re-exports or loads; those of src by their path there. */
function importsOf(file: string): string[] {
  const statements = /(?:\b(?:import|export)\b[^;'"()]*?\bfrom|\bimport|\brequire\(|\bimport\()\s*'([^']+)'/g;
  return [...text(file).matchAll(statements)].map(([, name = '']) => {
    if (!name.startsWith('.')) return name;
    const path = relative(SRC, resolve(SRC, dirname(file), name));
    return [`${path}.ts`, `${path}.tsx`, `${path}/index.ts`].find((candidate) => files.includes(candidate)) ?? name;
  });
}

const imports: Graph = new Map(files.map((file) => [file, new Set(importsOf(file))]));

/** Which folders import from which others; a folder and one inside it are two. */
const arrows: Graph = new Map(
  [...new Set(files.map(dirname))].map((folder) => {
    const own = files.filter((file) => dirname(file) === folder);
    const targets = own.flatMap((file) => [...(imports.get(file) ?? [])].filter((to) => files.includes(to)));
    return [folder, new Set(targets.map(dirname).filter((target) => target !== folder))];
  }),
);

/** Every way that leads back to where it began, each once, by its first name in the alphabet. */
function circles(graph: Graph): string[] {
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set<string>();
    const open = [...(graph.get(from) ?? [])];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node === to) return true;
      if (seen.has(node)) continue;
      seen.add(node);
      open.push(...(graph.get(node) ?? []));
    }
    return false;
  };
  return [...graph.keys()].filter((node) => reaches(node, node));
}

/** The folders with their lines, and below each the folders that it imports from. */
function picture(): string {
  return [...arrows]
    .sort(([a], [b]) => wingOf(b) - wingOf(a) || a.localeCompare(b))
    .map(([folder, targets]) => {
      const size = files.filter((file) => dirname(file) === folder).reduce((sum, file) => sum + lines(file), 0);
      return `${`${folder} (${size} lines)`.padEnd(52)} -> ${[...targets].sort().join(', ') || 'nothing'}`;
    })
    .join('\n');
}

describe('architecture', () => {
  console.log(`Folders of src and what they import from, from the top down:\n${picture()}`);

  test('src holds the wings and the public surface, nothing else', () => {
    expect(readdirSync(SRC).sort()).toEqual([...WINGS, 'index.ts'].sort());
  });

  test('a wing imports from those below it alone', () => {
    const upward = [...imports].flatMap(([file, targets]) =>
      [...targets]
        .filter((to) => file.includes('/') && files.includes(to) && !(wingOf(to) >= 0 && wingOf(to) <= wingOf(file)))
        .map((to) => `${file} imports ${to}`),
    );
    expect(upward).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    expect(circles(imports)).toEqual([]);
  });

  test('no folders import each other in a circle', () => {
    expect(circles(arrows)).toEqual([]);
  });

  test('a circle would be found', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ]);
    expect(circles(graph)).toEqual(['b', 'c']);
  });

  test('only the engine knows TensorFlow', () => {
    const foreign = [...imports].filter(([, targets]) => [...targets].some((name) => name.startsWith('@tensorflow/')));
    expect(
      foreign.map(([file]) => dirname(file)).filter((folder) => !/^engine\/tensors(\/wasm)?$/.test(folder)),
    ).toEqual([]);
  });

  test('every file says what it is', () => {
    expect(files.filter((file) => !/^(#!.*\n)?\/\*\*/.test(text(file)))).toEqual([]);
  });

  test(`no file has more than ${MOST_LINES} lines, no folder more than ${MOST_LINES_OF_A_FOLDER} in its own files`, () => {
    expect(files.filter((file) => lines(file) > MOST_LINES)).toEqual([]);
    const sizes = new Map<string, number>();
    for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + lines(file));
    expect([...sizes].filter(([, size]) => size > MOST_LINES_OF_A_FOLDER)).toEqual([]);
  });
});

describe('README.md and CONTRIBUTING.md', () => {
  const documents = ['README.md', 'CONTRIBUTING.md'].map((name) => readFileSync(join(ROOT, name), 'utf8'));
  const [readme = ''] = documents;

  test('list the commands of the program', () => {
    const listed = [...readme.matchAll(/^\| (`rcsd .*?`) \|/gm)].flatMap(([, cell]) =>
      [...(cell as string).matchAll(/`rcsd ([^`]+)`/g)].map(([, name]) => name),
    );
    expect(listed.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  test.each(['README.md', 'CONTRIBUTING.md'])('%s shows the wings of src, the top one first', (name) => {
    const tree = /```\nsrc\/\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, name), 'utf8'))?.[1] ?? '';
    expect([...tree.matchAll(/^ {2}(\w+)\/ +\S/gm)].map((match) => match[1])).toEqual([...WINGS].reverse());
  });

  test('name only files that exist', () => {
    const named = [
      ...documents.join('\n').matchAll(/`((?:src|kernel-setup|tests|data|notebooks)\/[\w./-]*)`|\]\(([\w.]+)\)/g),
    ];
    const paths = named.map(([, code, link]) => (code ?? link) as string);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
