/** Every figure of a finished study: well-formed, every series there, labels escaped; and what is drawn when little has been run. */
import { describe, expect, test } from 'vitest';
import { dotPlot } from '../../src/results/figures/dots';
import { type DotTrace, isDots, isScatter, type ScatterTrace } from '../../src/results/figures/figure';
import { figureToSvg } from '../../src/results/figures/svg/render';
import { escapeText } from '../../src/results/figures/text';
import { studyFigures } from '../../src/study/figures';
import { alignmentFigure, clippedBelow } from '../../src/study/figures/clip';
import { meanCurves } from '../../src/study/figures/main';
import { readRows } from '../../src/study/row';
import { openRows } from '../../src/study/tables/parts';
import { finishedStudy } from './studyRows';
import { parseXml } from './wellFormed';

const rows = finishedStudy();
const figures = studyFigures(rows);

/** What a reader sees of a series: lines without points have no shape, points without lines no dash. */
const looks = ({ mode, line, marker }: ScatterTrace | DotTrace): string =>
  [line.color, mode === 'markers' ? '' : line.dash, mode === 'lines' ? '' : marker.symbol].join(' ');

describe.each(figures)('$name', ({ figure }) => {
  const elements = figure ? parseXml(figureToSvg(figure)) : [];

  test('is drawn, with no number that is none', () => {
    expect(figure).toBeDefined();
    expect(JSON.stringify(figure)).not.toMatch(/NaN|Infinity/);
    expect(elements.length).toBeGreaterThan(20);
  });

  test('names every series and every row', () => {
    const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
    for (const trace of figure?.data ?? []) {
      if (trace.type === 'scatter' && figure?.layout.showlegend && trace.showlegend)
        expect(texts.some((text) => trace.name.startsWith(text.replace(/…$/, '').slice(0, 20)))).toBe(true);
      if (isDots(trace))
        for (const name of trace.y) expect(texts.some((t) => t.startsWith(escapeText(name.slice(0, 8))))).toBe(true);
    }
  });
});

describe.each([
  ['a finished study', figures],
  ['the committed rows', studyFigures(readRows())],
])('of %s', (_, drawn) => {
  test('no two series of a figure look alike', () => {
    const alike = drawn.flatMap(({ name, figure }) => {
      const names = new Map<string, Set<string>>();
      for (const trace of figure?.data ?? []) {
        if (trace.type !== 'scatter') continue;
        const look = looks(trace);
        names.set(look, (names.get(look) ?? new Set()).add(trace.name));
      }
      return [...names].filter(([, own]) => own.size > 1).map(([look, own]) => [name, look, ...own]);
    });
    expect(alike).toEqual([]);
  });
});

test('nothing is drawn of a study without rows, but for what was measured apart', () => {
  const drawn = studyFigures(new Map()).filter(({ figure }) => figure);
  expect(drawn.every(({ name }) => name.startsWith('clip-alignment-'))).toBe(true);
});

test('the paper stands beside the study, without an interval', () => {
  const table = figures.find(({ name }) => name === 'paper-table-1')?.figure;
  const [published, own] = (table?.data ?? []).filter(isDots);
  expect(published?.x.at(-1)).toBe(70.6);
  expect(published?.error_x?.array.every((x) => x === 0)).toBe(true);
  expect(own?.error_x?.array.some((x) => x > 0)).toBe(true);
  expect(table?.layout.yaxis?.title.text).toContain('published');
  expect(table?.layout.yaxis2?.title.text).toContain('this study');
});

test('curves are means over runs, step by step', () => {
  const runs = openRows(rows).of('content', 'OPSD');
  const { metrics } = meanCurves('OPSD', runs);
  const first = runs.map(({ curves }) => curves?.entropy?.[0] as number);
  expect(runs.length).toBe(10);
  expect(metrics[0]?.entropy).toBeCloseTo(first.reduce((a, b) => a + b, 0) / 10, 12);
});

test('points and intervals stand where their numbers are, and hostile names are escaped', () => {
  const name = '<script>alert(1)</script>';
  const values = [{ value: 0.5, low: 0.25, high: 0.75 }];
  const panel = { title: 't', axis: 'a', series: [name], rows: [{ name, values }], range: [0, 1] as const };
  const elements = parseXml(figureToSvg(dotPlot(name, [panel])));
  expect(elements.some((element) => element.name === 'script')).toBe(false);
  const circle = elements.find((element) => element.name === 'circle');
  const bar = elements.find(
    ({ name: own, attributes }) =>
      own === 'line' && attributes.class === 'rcsd-stroke' && attributes.y1 === attributes.y2,
  );
  const [x, low, high] = [circle?.attributes.cx, bar?.attributes.x1, bar?.attributes.x2].map(Number) as [
    number,
    number,
    number,
  ];
  expect((low + high) / 2).toBeCloseTo(x, 1);
  expect(high - low).toBeGreaterThan(100);
});

test('the line of the alignment is where the released clip begins', () => {
  for (const teacher of [0.2, 0.5, 0.9])
    expect(teacher * Math.log(teacher / clippedBelow(teacher, 0.05))).toBeCloseTo(0.05, 12);
  const cell = { clip: 'entry 0.05', teacher: 0.9, student: 0.3, tokens: 7, cosine: -0.5 };
  const figure = alignmentFigure([cell], { clip: 'entry 0.05', limit: 0.05, model: 'm' });
  expect(figure?.data.filter(isScatter)).toHaveLength(1);
  const elements = parseXml(figureToSvg(figure as never));
  expect(elements.some(({ text }) => text === '-0.50 (7)')).toBe(true);
  expect(alignmentFigure([cell], { clip: 'other', limit: 0.05, model: 'm' })).toBeUndefined();
});
