/** Writes a rubric as the text that models read. */

import type { Criterion } from '../../base/records/rubric';

/** A JSON array that `parseRubric` can read back: one item to a line, with title, description and weight. */
export function formatRubric(criteria: readonly Pick<Criterion, 'title' | 'description' | 'weight'>[]): string {
  const items = criteria.map(({ title, description, weight }) => JSON.stringify({ title, description, weight }));
  return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n]`;
}
