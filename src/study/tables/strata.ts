/** The tables of the study's second part (docs/strata.md). */
import { holm } from '../../results/evaluation/multiplicity';
import { percent, percentInterval } from '../../results/figures/text';
import { average } from '../analysis';
import { CONTROLS, DISTILLED } from '../cells';
import { type StudyRow, type StudyRows, underDecoding } from '../row';
import { effectIn, interaction, ROTATED, rulePassIn, stratumLevel, trueRuleIn, upperLimit } from '../strataAnalysis';
import { movements, PREDICTED } from '../strataPredictions';
import { chance, labelsOf, points, type StudyTable, sizeOf } from './parts';

/** Levels below this get a one-sided limit in place of an interval. */
const FLOOR = 0.02;

function levelText(rows: readonly StudyRow[], stratum: (typeof ROTATED)[number]): string {
  const level = stratumLevel(rows, stratum);
  if (level && level.value < FLOOR) return `${percent(level.value)} (< ${percent(upperLimit(rows, stratum))})`;
  return level ? percentInterval(level) : '–';
}

/** One line for each cell: the true-rule share in each stratum under one decoding. */
function sharesTable(open: StudyRows, experiment: string, decoding: 'greedy' | 't1'): StudyTable {
  const how = decoding === 'greedy' ? 'greedy' : 'T=1, top_p 1';
  return {
    name: `${experiment}-${decoding}`,
    title: `Answers that state the right rule, by stratum (${how}; over templates; at the floor: one-sided 95 % limit)`,
    head: [experiment === 'strata-contexts' ? 'context' : 'student', ...ROTATED, 'runs on bases'],
    rows: labelsOf(experiment).flatMap((label) => {
      const rows = underDecoding(open.of(experiment, label), decoding);
      return rows.length > 0 ? [[label, ...ROTATED.map((stratum) => levelText(rows, stratum)), sizeOf(rows)]] : [];
    }),
  };
}

/**
 * One line for each cell: the sign predicted for each stratum, and in brackets the signs that came, greedy and at T=1. A
 * prediction came true where a movement was seen under at least one of the two decodings in its direction, and under
 * neither in another; at a stratum's ceiling (modal, greedy) nothing can rise.
 */
function predictionsTable(open: StudyRows, experiment: string): StudyTable {
  const decodings = ['greedy', 't1'] as const;
  const untrained = open.of('strata-contexts', 'none');
  return {
    name: `${experiment}-predictions`,
    title:
      'Predicted and, in brackets, seen under greedy decoding and at T=1: does the true-rule share move off the base?',
    head: ['student', ...ROTATED, 'as predicted', 'runs on bases'],
    rows: labelsOf(experiment).flatMap((label) => {
      const signs = PREDICTED.get(label);
      const rows = open.of(experiment, label);
      if (!signs || rows.length === 0) return [];
      const [greedy, t1] = decodings.map((name) =>
        movements(underDecoding(rows, name), underDecoding(untrained, name)),
      ) as [(string | undefined)[], (string | undefined)[]];
      const held = signs.map((sign, i) => {
        const moved = [greedy[i], t1[i]].filter((each) => each !== '0');
        return sign === '0' ? moved.length === 0 : moved.length > 0 && moved.every((each) => each === sign);
      });
      const cells = signs.map((sign, i) => `${sign} (${greedy[i] ?? '–'}, ${t1[i] ?? '–'})`);
      return [[label, ...cells, `${held.filter(Boolean).length} of ${held.length}`, sizeOf(rows)]];
    }),
  };
}

/** The content effect in each stratum, and the two differences in differences that were named as primary. */
function contentTable(open: StudyRows): StudyTable {
  const [a, b] = [DISTILLED.reference, CONTROLS.placebo].map(({ label }) =>
    underDecoding(open.of('strata', label), 'greedy'),
  ) as [StudyRow[], StudyRow[]];
  const levels = ROTATED.flatMap((stratum) => {
    const effect = effectIn(a, b, stratum);
    return effect ? [[`content effect, ${stratum}`, points(effect), '', '', String(effect.n)]] : [];
  });
  const primary = (['gated', 'silent'] as const).flatMap((stratum) => {
    const found = interaction([a, b], [stratum, 'modal']);
    return found ? [{ name: `${stratum} less modal`, found }] : [];
  });
  const adjusted = holm(primary.map(({ found }) => found.p));
  return {
    name: 'strata-content',
    title: 'Students of reference rubrics less students of placebos: greedy true-rule share, in points, over templates',
    head: ['comparison', 'difference', 'p', "p after Holm's correction", 'templates'],
    rows: [
      ...levels,
      ...primary.map(({ name, found }, i) => [
        name,
        points(found),
        chance(found.p),
        chance(adjusted[i] as number),
        String(found.n),
      ]),
    ],
  };
}

/** What a base must have to count: rules it never uses untold, rules it follows when told, and boxes that follow. */
function gateTable(open: StudyRows): StudyTable {
  const untold = open.of('strata-contexts', 'none');
  const of = (rows: readonly StudyRow[], base: string) => rows.filter((row) => row.base === base);
  const greedy = (label: string, base: string) => underDecoding(of(open.of('strata-contexts', label), base), 'greedy');
  return {
    name: 'strata-gate',
    title: 'The gate of each base (top_p 1)',
    head: [
      'base',
      ...['gated', 'silent'].flatMap((name) => [`${name}: p0`, 'pass@64 of the rule']),
      'states the told rule, greedy',
      'states the told mistake, greedy',
      'box follows the rule',
    ],
    rows: untold.map((row) => {
      const strata = (['gated', 'silent'] as const).flatMap((stratum) => {
        const p0 = trueRuleIn(row, stratum);
        return [p0 === undefined ? '–' : p0.toExponential(1), percent(rulePassIn(row, stratum))];
      });
      return [
        row.base,
        ...strata,
        percent(average(greedy('reference', row.base), ({ rule }) => rule)),
        percent(average(greedy('wrong', row.base), ({ mistaken }) => mistaken)),
        percent(row.consistent),
      ];
    }),
  };
}

/** What stage I writes for held-out questions, by stratum: where a learned rubric has its rule from. */
function writersTable(open: StudyRows): StudyTable {
  const line = (name: string, rows: readonly StudyRow[], of: 'written' | 'untrained'): string[] => [
    name,
    percent(average(rows, (row) => row[of]?.valid)),
    ...ROTATED.map((stratum) => percent(average(rows, (row) => row[of]?.law_by_stratum?.[stratum]))),
    sizeOf(rows),
  ];
  const writers = labelsOf('strata-writers').map((label) => [label, open.of('strata-writers', label)] as const);
  const made = writers.filter(([, rows]) => rows.length > 0);
  const [first] = made;
  return {
    name: 'strata-writers',
    title: 'Rubrics for held-out questions that name the right law, by stratum',
    head: ['writer', 'valid', ...ROTATED, 'runs on bases'],
    rows: [
      ...(first ? [line('untrained', first[1], 'untrained')] : []),
      ...made.map(([label, rows]) => line(label, rows, 'written')),
    ],
  };
}

/** The tables of the second part, also those without rows. */
export const strataTables = (open: StudyRows): StudyTable[] => [
  gateTable(open),
  sharesTable(open, 'strata-contexts', 'greedy'),
  sharesTable(open, 'strata-contexts', 't1'),
  writersTable(open),
  sharesTable(open, 'strata', 'greedy'),
  sharesTable(open, 'strata', 't1'),
  predictionsTable(open, 'strata'),
  contentTable(open),
  sharesTable(open, 'left-out', 'greedy'),
  sharesTable(open, 'left-out', 't1'),
  sharesTable(open, 'criteria', 'greedy'),
  sharesTable(open, 'criteria', 't1'),
  sharesTable(open, 'relatives', 'greedy'),
  sharesTable(open, 'relatives', 't1'),
  predictionsTable(open, 'relatives'),
];
