import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands';

const ROOT = resolve(__dirname, '..');
const SRC = join(ROOT, 'src');

// The way of the data: a folder imports from those before it and from itself. The first three serve all the others.
const ORDER = [
  'records',
  'tensors',
  'files',
  'config',
  'tasks',
  'rubrics',
  'prompts',
  'model',
  'rollout',
  'losses',
  'scoring',
  'rewards',
  'algorithms',
  'train',
  'evaluation',
  'figures',
  'experiments',
  'notebook',
  'cli',
];
// Records that everyone passes around: their types may be imported from anywhere.
const SHARED_RECORDS = ['tasks/question', 'rubrics/rubric'];
const MOST_LINES = 400;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort();
const text = (file: string) => readFileSync(join(SRC, file), 'utf8');
const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] as string) : '');

/** The modules that a file imports, re-exports or requires; `path` is within src for relative ones. */
function importsOf(file: string): { name: string; path: string; typeOnly: boolean }[] {
  const statements =
    /(?:\b(?:import|export)\b(?<type> type)?[^;'"()]*?\bfrom|\bimport|\brequire\(|\bimport\()\s*'(?<name>[^']+)'/g;
  return [...text(file).matchAll(statements)].map(({ groups }) => {
    const name = groups?.name ?? '';
    const path = name.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), name)) : '';
    return { name, path, typeOnly: groups?.type !== undefined };
  });
}

/** Whether a file may import the module of src at `path`. */
function allowed(file: string, path: string, typeOnly: boolean): boolean {
  if (typeOnly && SHARED_RECORDS.includes(path)) return true;
  const target = ORDER.indexOf(path.split('/')[0] ?? '');
  return target >= 0 && target <= ORDER.indexOf(folderOf(file));
}

describe('architecture', () => {
  test('there are sources in folders that the order knows', () => {
    expect(files.length).toBeGreaterThan(10);
    const folders = new Set(files.map(folderOf).filter(Boolean));
    expect([...folders].filter((folder) => !ORDER.includes(folder))).toEqual([]);
  });

  test('imports go one way', () => {
    const wrong = files.filter(folderOf).flatMap((file) =>
      importsOf(file)
        .filter(({ name, path, typeOnly }) => name.startsWith('.') && !allowed(file, path, typeOnly))
        .map(({ name }) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only the engine knows TensorFlow', () => {
    const foreign = files.filter((file) => importsOf(file).some(({ name }) => name.startsWith('@tensorflow/')));
    expect(foreign.filter((file) => folderOf(file) !== 'tensors')).toEqual([]);
  });

  test('every file says what it is', () => {
    expect(files.filter((file) => !/^(#!.*\n)?\/\*\*/.test(text(file)))).toEqual([]);
  });

  test(`no file has more than ${MOST_LINES} lines`, () => {
    expect(files.filter((file) => text(file).split('\n').length > MOST_LINES)).toEqual([]);
  });
});

describe('README.md and CONTRIBUTING.md', () => {
  const [readme = '', contributing = ''] = ['README.md', 'CONTRIBUTING.md'].map((name) =>
    readFileSync(join(ROOT, name), 'utf8'),
  );

  test('list the commands of the program', () => {
    const listed = [...readme.matchAll(/^\| (`rcsd .*?`) \|/gm)].flatMap(([, cell]) =>
      [...(cell as string).matchAll(/`rcsd ([^`]+)`/g)].map(([, name]) => name),
    );
    expect(listed.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  test('show the folders of src', () => {
    const tree = /```\nsrc\/\n([\s\S]*?)```/.exec(contributing)?.[1] ?? '';
    const listed = [...tree.matchAll(/^ {2}(\w+)\/ +\S/gm)].map((match) => match[1]);
    expect(listed).toEqual(ORDER);
    const present = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(listed.sort()).toEqual(present.map((entry) => entry.name).sort());
  });

  test('name only files that exist', () => {
    const named = [
      ...(readme + contributing).matchAll(/`((?:src|kernel-setup|tests|data|notebooks)\/[\w./-]*)`|\]\(([\w.]+)\)/g),
    ];
    const paths = named.map(([, code, link]) => (code ?? link) as string);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
