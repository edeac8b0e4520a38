import { describe, expect, test } from 'vitest';
import { accuracyBars } from '../../src/results/figures/accuracy';
import { trainingCurves } from '../../src/results/figures/curves';
import { figureText } from '../../src/results/figures/describe';
import { familyHeatmap } from '../../src/results/figures/families';
import { HEAT_SCALE, inkOn, luminance, scaleColor, seriesStyles } from '../../src/results/figures/palette';
import { recoveryFigure } from '../../src/results/figures/recovery';
import { shareCurves } from '../../src/results/figures/shares';
import { figureToSvg } from '../../src/results/figures/svg/render';
import { linearScale, niceTicks } from '../../src/results/figures/svg/scale';
import { curve } from './sample';
import { type Element, parseXml } from './wellFormed';

const estimate = (value: number, low: number, high: number) => ({ value, low, high });
const numbers = (element: Element | undefined, ...names: string[]) =>
  names.map((name) => Number(element?.attributes[name]));
const colored = (elements: readonly Element[], fill: string) => elements.filter((e) => e.attributes.fill === fill);

describe('bars', () => {
  const figure = accuracyBars(
    [
      { method: 'base', score: estimate(0.2, 0.15, 0.25) },
      { method: 'RCSD', score: estimate(0.8, 0.7, 0.9) },
    ],
    { references: [{ label: 'chance', value: 0.1 }] },
  );
  const elements = parseXml(figureToSvg(figure));
  const [base, rcsd] = [colored(elements, '#6e7781')[0], colored(elements, '#d55e00')[0]];

  test('heights are proportional to values from a common floor', () => {
    const [baseY, baseHeight] = numbers(base, 'y', 'height') as [number, number];
    const [rcsdY, rcsdHeight] = numbers(rcsd, 'y', 'height') as [number, number];
    expect(rcsdHeight / baseHeight).toBeCloseTo(4, 2);
    expect(rcsdY + rcsdHeight).toBeCloseTo(baseY + baseHeight, 2);
  });

  test('the interval runs from its low to its high end', () => {
    const [y, height] = numbers(rcsd, 'y', 'height') as [number, number];
    const perUnit = height / 0.8;
    const upright = elements.filter((e) => e.attributes.class === 'rcsd-stroke' && e.attributes.x1 === e.attributes.x2);
    expect(upright).toHaveLength(2);
    const [low, high] = numbers(upright[1], 'y1', 'y2') as [number, number];
    expect((y + height - low) / perUnit).toBeCloseTo(0.7, 2);
    expect((y + height - high) / perUnit).toBeCloseTo(0.9, 2);
  });

  test('the reference line stands at its value and is named', () => {
    const [y, height] = numbers(rcsd, 'y', 'height') as [number, number];
    const line = elements.find((e) => e.name === 'line' && e.attributes['stroke-dasharray'] === '7 4');
    expect((y + height - Number(line?.attributes.y1)) / (height / 0.8)).toBeCloseTo(0.1, 2);
    expect(elements.some((e) => e.text === 'chance')).toBe(true);
  });

  test('plotly gets the distances to the ends of the intervals', () => {
    const [bars] = figure.data;
    expect(bars?.type === 'bar' && bars.error_y?.array[1]).toBeCloseTo(0.1);
    expect(bars?.type === 'bar' && bars.error_y?.arrayminus[1]).toBeCloseTo(0.1);
  });
});

describe('lines', () => {
  test('a missing number leaves a gap, a lone point stays visible', () => {
    const metrics = [1, 2, null, 4, null, 6, 7].map((loss, step) => ({ step, loss }));
    const elements = parseXml(figureToSvg(trainingCurves([{ name: 'run', metrics }])));
    const d = elements.find((e) => e.name === 'path')?.attributes.d ?? '';
    expect(d.match(/M/g)).toHaveLength(3);
    expect(d.match(/L/g)).toHaveLength(2);
    expect(d).toMatch(/h0M/);
  });

  test('thinning a long run keeps its spike', () => {
    const metrics = Array.from({ length: 50_000 }, (_, step) => ({ step, loss: step === 31_234 ? 9 : 1 }));
    const svg = figureToSvg(trainingCurves([{ name: 'run', metrics }]));
    const heights = (/<path d="([^"]*)"/.exec(svg)?.[1] ?? '').match(/ [\d.]+/g)?.map(Number) ?? [];
    expect(svg.length).toBeLessThan(60_000);
    expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(80);
  });

  test('panels without numbers are left out, several runs get a legend', () => {
    const metrics = [
      { step: 1, entropy: 0.5 },
      { step: 2, entropy: 0.4, loss: Number.NaN },
    ];
    const figure = trainingCurves([
      { name: 'a', metrics },
      { name: 'b', metrics },
    ]);
    expect(figure.data).toHaveLength(2);
    const texts = parseXml(figureToSvg(figure)).map((e) => e.text);
    expect(texts).toEqual(expect.arrayContaining(['a', 'b', 'entropy (nats/token)']));
    expect(texts).not.toContain('loss');
  });

  test('whole steps have whole ticks', () => {
    const metrics = [1, 2, 3, 4].map((step) => ({ step, loss: 2 * step }));
    const texts = parseXml(figureToSvg(trainingCurves([{ name: 'run', metrics }]))).map((e) => e.text);
    expect(texts).toEqual(expect.arrayContaining(['1', '2', '3', '4']));
    expect(texts).not.toContain('1.5');
  });

  test('a line that leaves the range of its axis ends at the frame, and its points beyond are not drawn', () => {
    const svg = (y: number[]) =>
      figureToSvg(shareCurves([{ name: 'p', x: [0, 1, 2], y }], { title: 't', xaxis: 'x', yaxis: 'y' }));
    const cut =
      /<svg x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" viewBox="([^"]+)" overflow="hidden">(.*?)<\/svg>/;
    const [, y, height, viewBox, inner] = cut.exec(svg([0.5, 3, 0.5])) ?? [];
    expect(viewBox?.split(' ').filter((_, i) => i % 2 === 1)).toEqual([y, height]);
    expect(inner).toMatch(/^<path /);
    expect(svg([0.5, 1, 0.5])).not.toMatch(cut);
  });

  test('no runs at all is a figure that says so', () => {
    expect(figureToSvg(trainingCurves([]))).toContain('Nothing to show yet');
  });
});

test('a heatmap shows every cell once, and an empty one where a number is missing', () => {
  const figure = familyHeatmap([
    { family: 'KIN', method: 'base', accuracy: 0.5 },
    { family: 'OHM', method: 'base', accuracy: 1 },
    { family: 'KIN', method: 'RCSD', accuracy: 0 },
  ]);
  const elements = parseXml(figureToSvg(figure));
  const cells = elements.filter((e) => e.name === 'rect' && e.attributes.class !== 'rcsd-paper');
  expect(cells.map((cell) => cell.attributes.fill)).toEqual([
    scaleColor(HEAT_SCALE, 0.5),
    '#fee838',
    '#00224e',
    'none',
  ]);
  expect(elements.map((e) => e.text)).toEqual(expect.arrayContaining(['50', '100', '0', 'KIN', 'OHM', 'RCSD']));
});

test('the recovery figure has the base at 0 and the teacher at 1', () => {
  const figure = recoveryFigure([{ method: 'OPSD', recovered: estimate(-0.5, -0.8, -0.2) }]);
  expect(figure.layout.shapes?.map((shape) => [shape.y0, shape.label.text])).toEqual([
    [0, 'base model'],
    [1, 'teacher'],
  ]);
  expect(figure.layout.yaxis?.range?.[0]).toBeLessThan(-0.8);
  parseXml(figureToSvg(figure));
});

test('hostile names are data', () => {
  const name = '</text><script>alert(1)</script>"\u0000\u202e&\ud800';
  for (const figure of [
    accuracyBars([{ method: name, score: estimate(0.5, 0.4, 0.6) }], {
      title: name,
      references: [{ label: name, value: 0.2 }],
    }),
    trainingCurves([curve(name, 5, 1), curve(`${name}2`, 5, 1)], { title: name }),
    familyHeatmap([{ family: name, method: name, accuracy: 0.5 }]),
    recoveryFigure([{ method: name, recovered: estimate(0.5, 0.4, 0.6) }]),
    shareCurves([{ name, x: [0, 1], y: [0, 1] }], { title: name, xaxis: name, yaxis: name }),
  ]) {
    const svg = figureToSvg(figure);
    expect(parseXml(svg).some((e) => e.name === 'script')).toBe(false);
    expect(svg).not.toMatch(/\u202e|\p{Cs}|\p{Cc}(?<!\n)/u);
  }
});

test('numbers that are not finite do not reach the file', () => {
  const bad = estimate(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  expect(figureToSvg(accuracyBars([{ method: 'x', score: bad }]))).not.toMatch(/="(NaN|-?Infinity)"/);
});

describe('scales', () => {
  test('ticks are round, inside, and enough', () => {
    expect(niceTicks([1, 80], 4)).toEqual([20, 40, 60, 80]);
    expect(niceTicks([0, 0.3], 3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceTicks([-0.25, 1.2], 5)).toEqual([-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1, 1.2]);
    expect(niceTicks([5, 5])).toEqual([5]);
  });

  test('a constant lies in the middle', () => {
    expect(linearScale([3, 3], [100, 0])(3)).toBe(50);
  });
});

describe('colours', () => {
  test('known methods keep theirs, and no two series of a figure share one', () => {
    const names = ['base', 'placebo teacher', 'RCSD teacher', 'OPSD teacher', 'OPSD', 'RCSD', 'other'];
    const colors = seriesStyles(names).map(({ color }) => color);
    expect(new Set(colors).size).toBe(names.length);
    expect(colors[5]).toBe('#d55e00');
    expect(seriesStyles(['RCSD'])[0]?.color).toBe('#d55e00');
  });

  test('28 series of whatever names are drawn in 28 ways, in points alone and in lines alone', () => {
    for (const name of ['RCSD', 'other']) {
      const styles = seriesStyles(Array.from({ length: 28 }, (_, i) => `${name} ${i}`));
      for (const part of ['dash', 'shape'] as const)
        expect(new Set(styles.map((style) => `${style.color} ${style[part]}`)).size).toBe(28);
    }
  });

  test('series stand out on white and on near-black', () => {
    const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    for (const { color } of seriesStyles(['base', 'teacher', 'placebo', 'opsd', 'rcsd', 'grpo', 'sft'])) {
      expect(contrast(luminance(color), 1)).toBeGreaterThan(3);
      expect(contrast(luminance(color), luminance('#16191d'))).toBeGreaterThan(3);
      expect(contrast(luminance(color), luminance(inkOn(color)))).toBeGreaterThan(4.5);
    }
  });
});

test('the words of a figure name its numbers', () => {
  const text = figureText(accuracyBars([{ method: 'RCSD', score: estimate(0.8, 0.7, 0.9) }]));
  expect(text).toContain('RCSD: 0.8 (0.7 to 0.9)');
  expect(figureText(trainingCurves([curve('run', 40, 0.2)]))).toMatch(
    /entropy .*run: from 0.1 to 0.0727 over 40 steps/,
  );
});
