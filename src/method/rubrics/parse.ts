/**
 * Turns a model's raw text into a rubric. The parser `lab` drops the thinking and takes the first complete JSON array
 * whose items are objects or non-blank strings; it takes nothing out of an array that breaks off. The parser `released`
 * does what the authors' code does (RCSD repository, commit 521b538): it takes the first array that parses, even if it
 * is a piece of a broken one or part of thinking that never closed. Text is kept verbatim and is escaped only where it
 * is shown.
 */

import type { Rubric } from '../../base/records/rubric';
import { isObject } from '../../base/records/values';
import { endOfOpenedThinking, endOfThinking, findThinking } from '../../questions/grading/thinking';
import { readCriteria } from './criteria';
import { scanJson } from './jsonScan';

/** `lab` or the authors' released code: see above. */
export type RubricParser = 'lab' | 'released';

/** Where a text comes from, and which parser reads it (default `lab`). */
export interface ParseOptions {
  readonly questionId: string;
  readonly source: string;
  readonly seed?: number;
  readonly parser?: RubricParser;
}

/** A rubric with the verdict on its text. An invalid one has no criteria, and `reason` says why. */
export interface ParsedRubric extends Rubric {
  readonly valid: boolean;
  readonly reason?: string;
  /** One sentence for each item that was dropped or is irregular. */
  readonly issues: readonly string[];
}

/**
 * Deeper nesting is not accepted as a rubric; the limit protects `JSON.parse` and the code that writes rubrics later.
 */
const MAX_DEPTH = 64;

/** Reads a rubric out of a model's text. Never throws, whatever the text. */
export function parseRubric(text: string, { questionId, source, seed, parser = 'lab' }: ParseOptions): ParsedRubric {
  const found = parser === 'released' ? findReleased(text) : findArray(text);
  const { criteria, issues } = readCriteria(found.items ?? []);
  const reason = found.reason ?? (criteria.length === 0 ? 'no item has a description' : undefined);
  const rubric = { questionId, source, ...(seed === undefined ? {} : { seed }), criteria, issues };
  return reason === undefined ? { ...rubric, valid: true } : { ...rubric, valid: false, reason };
}

interface Found {
  readonly items?: readonly unknown[];
  readonly reason?: string;
}

function findArray(text: string): Found {
  let reason = text.trim() === '' ? 'the text is empty' : 'there is no JSON array';
  let broken = false;
  let at = endOfOpenedThinking(text);
  let think = findThinking(text, at);
  for (;;) {
    const bracket = text.indexOf('[', at);
    if (think && think.index < at) think = findThinking(text, at);
    if (think && (bracket < 0 || think.index < bracket)) {
      const end = endOfThinking(text, think);
      if (end === undefined) return { reason: 'the thinking never closes' };
      at = end;
    } else if (bracket < 0) return { reason };
    else {
      const scan = scanJson(text, bracket);
      at = scan.end;
      if (!scan.complete) {
        if (!/^\[\s*[{"]/.test(text.slice(bracket, bracket + 99))) continue;
        broken = true;
        reason = scan.end >= text.length ? 'the JSON array breaks off' : 'the array is not valid JSON';
      } else if (!(broken && isMember(text, bracket))) {
        const items = readItems(text, bracket, scan);
        if (items) return { items };
        if (!broken) reason = 'no array holds only objects or non-blank strings';
      }
    }
  }
}

/**
 * Whether the bracket at `index` is the value of a key. In an array that breaks off, such a bracket still belongs to an
 * item.
 */
function isMember(text: string, index: number): boolean {
  return /"\s*:\s*$/.test(text.slice(Math.max(0, index - 99), index));
}

function readItems(text: string, start: number, scan: { end: number; depth: number }): unknown[] | undefined {
  if (scan.depth > MAX_DEPTH) return undefined;
  const items = JSON.parse(text.slice(start, scan.end)) as unknown[];
  return items.length > 0 && items.every(isItem) ? items : undefined;
}

function isItem(item: unknown): boolean {
  return typeof item === 'string' ? item.trim() !== '' : isObject(item);
}

function findReleased(text: string): Found {
  const cleaned = dropClosedThinking(text).replaceAll('<think>', '').replaceAll('</think>', '');
  // An array that was open when the scan of an outer one failed fails at the same place. Skipping it keeps the search
  // linear.
  const dead = new Set<number>();
  for (let at = cleaned.indexOf('['); at >= 0; at = cleaned.indexOf('[', at + 1)) {
    if (dead.has(at)) continue;
    const scan = scanJson(cleaned, at);
    if (scan.complete) {
      const items = readItems(cleaned, at, scan);
      return items ? { items } : { reason: 'the first array does not hold only objects or non-blank strings' };
    }
    for (const start of scan.open) dead.add(start);
  }
  return { reason: 'there is no JSON array' };
}

function dropClosedThinking(text: string): string {
  let kept = '';
  let from = 0;
  for (;;) {
    const open = text.indexOf('<think>', from);
    const close = open < 0 ? -1 : text.indexOf('</think>', open);
    if (close < 0) return kept + text.slice(from);
    kept += text.slice(from, open);
    from = close + '</think>'.length;
  }
}
