/** The tables that `rcsd audit` prints. */
import { percentInterval, signedInterval } from '../../../results/figures/text';
import type { AuditRow } from '../../../run/probes/audit';
import { type CreditGroup, contextCredit, contextsIn, creditBy } from '../../../run/probes/auditSummary';
import { points } from '../../../study/tables/parts';
import { textTable } from './textTable';

/** The groups of a table of credit, in the order of their first row. */
function groupTable(rows: readonly AuditRow[], by: CreditGroup): string {
  const cells = creditBy(rows, by);
  const groups = [...new Set(cells.map(({ group }) => group))];
  if (groups.length < 2) return '';
  const table = contextsIn(rows).map((context) => [
    context,
    ...groups.map((group) => {
      const cell = cells.find((own) => own.context === context && own.group === group);
      return cell ? `${points(cell.gain)} (${cell.places})` : '–';
    }),
  ]);
  return `${textTable([`gain by ${by} (places)`, ...groups], table)}\n\n`;
}

/** The contexts over all places, by stratum, and by the kind of token. */
export function auditText(rows: readonly AuditRow[]): string {
  const credits = contextsIn(rows).flatMap((context) => contextCredit(rows, context) ?? []);
  const head = ['context', 'places', 'gain, points a place', 'helps at', 'cosine with the ideal'];
  const lines = credits.map(({ context, places, gain, helps, cosine: angle }) => [
    context,
    String(places),
    points(gain),
    percentInterval(helps),
    signedInterval(angle, 2),
  ]);
  const answers = rows.reduce((sum, { places }) => sum + new Set(places.map(({ sample }) => sample)).size, 0);
  return `${textTable(head, lines)}\n
${groupTable(rows, 'stratum')}${groupTable(rows, 'class')}\
gain: by how much the share of right answers would change at a place, were its token drawn as the teacher wants;
helps at: share of the places with a gain above zero, of those with any; cosine: of the guidance (told less untold) with the
ideal one, untold times (value less mean), over an answer. ${rows.length} questions, ${answers} answers with measured places;
the student answers and goes on at T=1 with top_p 1; 95 % intervals over questions.\n`;
}
