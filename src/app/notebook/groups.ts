/** The groups that GRPO compares: the completions of one question in one step, with their rewards and advantages. */

import type { CompletionRow } from '../../base/records/rows';
import { meanOf, spreadOf } from '../../method/algorithms/advantages';

/** Completions are in order of their sample numbers. */
export interface CompletionGroup {
  readonly step: number;
  readonly questionId: string;
  readonly completions: readonly CompletionRow[];
  /** Mean reward, without the completions that no reward could score; null where none could be. */
  readonly mean: number | null;
  /** Standard deviation of the rewards, with n - 1; null like the mean. */
  readonly spread: number | null;
}

/** The rows of completions.jsonl as groups, in order of appearance. */
export function completionGroups(rows: readonly CompletionRow[]): CompletionGroup[] {
  const groups = new Map<string, CompletionRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.step, row.question_id]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const completions = group.sort((a, b) => a.sample - b.sample);
    const rewards = completions.map(({ reward }) => reward ?? null);
    const { step, question_id: questionId } = completions[0] as CompletionRow;
    return { step, questionId, completions, mean: meanOf(rewards), spread: spreadOf(rewards) };
  });
}

/** A group as rows of a table, the best completion first; `show` makes text readable. */
export function groupRows(
  { completions }: CompletionGroup,
  show: (text: string) => string,
): { readonly sample: number; readonly reward: number | null; readonly advantage: number; readonly text: string }[] {
  return [...completions]
    .sort((a, b) => (b.advantage ?? 0) - (a.advantage ?? 0))
    .map(({ sample, reward, advantage, text }) => ({
      sample,
      reward: reward ?? null,
      advantage: advantage ?? 0,
      text: show(text),
    }));
}

/** Rewards that differ by less than this count as equal. */
const SAME = 1e-6;

type CountRow = Readonly<Record<string, string | number>>;

/** How many of the groups teach something, as a row of a table: groups without spread do not. */
export function spreadRow(groups: readonly CompletionGroup[]): CountRow {
  const scored = groups.flatMap(({ mean, spread }) => (mean === null || spread === null ? [] : [{ mean, spread }]));
  const alike = scored.filter(({ spread }) => spread < SAME);
  const high = alike.filter(({ mean }) => mean > 0.5).length;
  return {
    groups: groups.length,
    'with spread': scored.length - alike.length,
    'alike, reward above 1/2': high,
    'alike, 1/2 or less': alike.length - high,
    ...(scored.length < groups.length && { 'without any score': groups.length - scored.length }),
  };
}

/**
 * What the rewards pay for, as rows of a table: right and wrong answers, and whether the reasoning was `sound`. Rewards
 * are at most 1.
 */
export function rewardRows(
  graded: readonly { readonly reward: number; readonly correct: boolean; readonly sound: boolean }[],
): CountRow[] {
  return [true, false].map((correct) => {
    const rows = graded.filter((row) => row.correct === correct);
    const mean = meanOf(rows.map(({ reward }) => reward));
    const full = rows.filter(({ reward }) => reward > 1 - SAME);
    return {
      'the answer is': correct ? 'right' : 'wrong',
      completions: rows.length,
      'mean reward': mean === null ? '–' : Number(mean.toFixed(3)),
      'full reward': full.length,
      'full reward, way not sound': full.filter(({ sound }) => !sound).length,
    };
  });
}
