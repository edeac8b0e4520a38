import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './blocks';

/** Folders whose Markdown is not ours, or not committed. */
const SKIPPED = /^(?:node_modules|vendor|runs|cache|dist.*|\..*)$/;

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED.test(entry.name) ? [] : markdownFiles(join(folder, entry.name));
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : [];
  });
}

/** Text without code blocks and code spans, where brackets mean nothing. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');

/** Anchors of a page as GitHub makes them of its headings. */
function anchors(text: string): Set<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(
    (match) => match[1] as string,
  );
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

function brokenLinks(file: string): string[] {
  const targets = [...prose(readFileSync(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(
    (match) => match[1] as string,
  );
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const place = path === '' ? file : join(dirname(file), path);
    if (!existsSync(place)) return true;
    return anchor !== undefined && !anchors(readFileSync(place, 'utf8')).has(anchor);
  });
}

const files = markdownFiles(root);

test.each(files.map((file) => [relative(root, file), file] as const))('links in %s lead somewhere', (_, file) => {
  expect(brokenLinks(file)).toEqual([]);
});

test('source files that the documentation names exist', () => {
  const missing = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/`((?:src|tests|docs|kernel-setup)\/[\w./-]+\.\w+)`/g)]
      .map((match) => match[1] as string)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${relative(root, file)}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('the README links every page of docs/ and every notebook', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const pages = ['docs', 'notebooks'].flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((name) => (/\.(?:md|ipynb)$/.test(name) ? [`${folder}/${name}`] : [])),
  );
  expect(pages.filter((page) => !readme.includes(`(${page})`))).toEqual([]);
});
