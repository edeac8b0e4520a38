import { describe, expect, test } from 'vitest';
import type { Criterion } from '../../src/base/records/rubric';
import { compactNumber, escapeText, visibleText } from '../../src/results/figures/text';
import { guidanceHeatmap, guidanceText } from '../../src/results/report/html/guidance';
import { rubricCard } from '../../src/results/report/html/rubricCard';
import { tableHtml, tableText } from '../../src/results/report/html/table';
import { renderReport } from '../../src/results/report/report';
import { guidance, question, rubric, sampleReport } from './sample';

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script>' & \u202e\u0007`;

/** Every string inside a value, replaced. */
function poison(value: unknown): unknown {
  if (typeof value === 'string') return `${value} ${HOSTILE}`;
  if (Array.isArray(value)) return value.map(poison);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poison(inner)]));
}

describe('text', () => {
  test('escaping covers elements and quoted attributes', () => {
    expect(escapeText(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
  });

  test('what cannot be seen is marked, line breaks stay', () => {
    expect(visibleText('a\u0000b\u001b[31mc\u202ed\ud800e\nf\tg')).toBe('a\ufffdb\ufffd[31mc\ufffdd\ufffde\nf\tg');
    expect(visibleText('😀')).toBe('😀');
  });

  test('long text is cut and the rest counted', () => {
    expect(visibleText('x'.repeat(50), 10)).toBe('xxxxxxxxxx… (40 more characters)');
  });

  test('numbers are short', () => {
    expect([0, 0.0123456, 1.23456, 12345.6, 3e-4, 5e-6, -2].map(compactNumber)).toEqual([
      '0',
      '0.01235',
      '1.235',
      '12,346',
      '3.00e-4',
      '5.00e-6',
      '-2',
    ]);
  });
});

describe('tables', () => {
  test('rows and data frames give the same table', () => {
    const frame = {
      columns: ['a', 'b'],
      values: [
        [1, 'x'],
        [2, 'y'],
      ],
    };
    expect(tableHtml(frame)).toBe(
      tableHtml([
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ]),
    );
  });

  test('a frame of one column holds bare values', () => {
    expect(tableText({ columns: ['a'], values: [1, 2] })).toBe('a\n1\n2');
  });

  test('columns are those of all rows, missing values are empty', () => {
    expect(tableText([{ a: 1 }, { b: null, c: true }])).toBe('a | b | c\n1 |  | \n |  | true');
  });

  test('rows and columns beyond the bounds are counted', () => {
    const rows = Array.from({ length: 60 }, () =>
      Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`c${i}`, i])),
    );
    const html = tableHtml(rows);
    expect(html.match(/<tr>/g)).toHaveLength(51);
    expect(html).toContain('10 more rows and 5 more columns');
  });
});

describe('the rubric card', () => {
  test('shows criteria, weights with signs, pitfalls in words, and the source', () => {
    const html = rubricCard(rubric, question);
    for (const words of ['Use v = u + a t', '+5', '−2', 'pitfall', 'essential', 'source: generated', 'seed: 7']) {
      expect(html).toContain(words);
    }
    expect(html).toContain(question.question);
  });

  test('says what meeting a criterion means where it could be mistaken', () => {
    const [first] = rubric.criteria as [Criterion];
    const words = (criterion: Partial<Criterion>) => rubricCard({ ...rubric, criteria: [{ ...first, ...criterion }] });
    expect(words({ importance: 'pitfall', polarity: 'satisfied is bad' })).toContain('a fault if met');
    expect(words({ importance: 'pitfall', polarity: 'satisfied is good' })).toContain('a merit if met');
    expect(words({})).not.toContain('if met');
  });

  test('is bounded', () => {
    const criteria = Array.from({ length: 100 }, (_, i) => ({ ...(rubric.criteria[0] as Criterion), id: `c${i}` }));
    const html = rubricCard({ ...rubric, criteria });
    expect(html.match(/<li /g)).toHaveLength(40);
    expect(html).toContain('60 more criteria');
    expect(rubricCard({ ...rubric, criteria: [] })).toContain('no criteria');
  });
});

describe('the guidance heatmap', () => {
  const spans = (html: string) => html.match(/<span style="background[^>]*>/g) ?? [];

  test('shades each token by its divergence', () => {
    const shades = spans(guidanceHeatmap(guidance)).map((span) => Number(/,([\d.]+)\)/.exec(span)?.[1]));
    expect(shades).toHaveLength(guidance.tokens.length);
    expect(shades.indexOf(Math.max(...shades))).toBe(4);
    expect((shades[17] as number) / (shades[4] as number)).toBeCloseTo(Math.sqrt(0.55 / 0.92), 2);
  });

  test('underlines only where the teacher prefers another token, and says what on hover', () => {
    const underlined = spans(guidanceHeatmap(guidance)).map((span) => span.includes('underline'));
    expect(underlined.flatMap((is, index) => (is ? [index] : []))).toEqual([4]);
    expect(spans(guidanceHeatmap(guidance))[4]).toContain('student 54.9 %, teacher 6.7 %');
    expect(spans(guidanceHeatmap(guidance))[4]).toContain('&quot;u &quot; 92.3 %');
  });

  test('names the strongest corrections in a table and in text, and no others', () => {
    expect(guidanceHeatmap(guidance).match(/<tr>/g)).toHaveLength(4);
    expect(guidanceText(guidance)).toContain('"a " -> "u " (0.92 nats)');
  });

  test('colours each token by its criterion, and says in words which that is', () => {
    const criteria = ['Correct rule', 'Key <step>'];
    const criterion = guidance.tokens.map((_, i) => Number(i > 3));
    const html = guidanceHeatmap({ ...guidance, criteria, criterion });
    const colors = spans(html).map((span) => /background:rgba\((\d+,\d+,\d+),/.exec(span)?.[1]);
    const [first, second, ...others] = [...new Set(colors.slice(0, criterion.length))];
    expect(others).toEqual([]);
    expect(colors.slice(0, criterion.length)).toEqual(criterion.map((k) => [first, second][k]));
    // The legend's swatches have the same colours.
    expect(colors.slice(criterion.length)).toEqual([first, second]);
    expect(html).toContain('1 Correct rule: 4 tokens');
    expect(html).toContain(`2 Key &lt;step&gt;: ${criterion.length - 4} tokens`);
    expect(spans(html)[4]).toContain('criterion: 2 Key &lt;step&gt;');
    expect(html).toContain('>criterion</th>');
    expect(guidanceText({ ...guidance, criteria, criterion })).toContain('(0.92 nats, 2 Key <step>)');
    expect(guidanceHeatmap(guidance)).not.toContain('riterion');
  });

  test('without the teacher’s favourites it does not speak of them', () => {
    const bare = { ...guidance, topTeacher: [] };
    expect(guidanceHeatmap(bare)).not.toMatch(/prefers|favourite|underline/);
    expect(guidanceText(bare)).toContain('"a " (0.92 nats)');
  });

  test('is bounded and survives missing numbers', () => {
    const many = { ...guidance, tokens: Array.from({ length: 100_000 }, () => 'x'), divergence: [Number.NaN] };
    const html = guidanceHeatmap(many, { maxTokens: 10 });
    expect(spans(html)).toHaveLength(10);
    expect(html).toContain('99990 more tokens');
    expect(html).not.toContain('NaN');
  });
});

describe('the report', () => {
  const html = renderReport(sampleReport());

  test('shows everything it was given', () => {
    for (const words of [
      'RCSD on microscience',
      '83.3 % [80.6, 86.0]',
      '420 × 2',
      '411 of 420 valid (97.9 %)',
      'OPSD ended below the base model.',
      'stage2.optimizer.learning_rate',
      '0.0003',
      'npx rcsd quickstart seed.sampling=1',
      'Use v = u + a t',
      'full shade',
      '0123abc',
    ]) {
      expect(html).toContain(words);
    }
    expect(html.match(/<svg /g)).toHaveLength(4);
  });

  test('needs nothing from outside and runs nothing', () => {
    expect(html).not.toMatch(/<script|<link|<iframe|<img|@import|\bsrc=|\bhref=|url\(|\bon\w+=/i);
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|\/\//);
    expect(html).toContain("default-src 'none'");
  });

  test('treats every text as data', () => {
    const poisoned = renderReport(poison(sampleReport()) as ReturnType<typeof sampleReport>);
    expect(poisoned).toContain('&lt;img src=x onerror=');
    expect(poisoned).not.toMatch(/<img|<script|\u202e|\p{Cc}(?<!\n)/u);
    // What a hostile text adds is never a tag.
    const tags = (page: string) => page.match(/<[a-z!/][^>]*>/gi)?.map((tag) => tag.split(/[\s>]/)[0]);
    expect(new Set(tags(poisoned))).toEqual(new Set(tags(html)));
  });

  test('leaves out what is missing', () => {
    const { title, methods, intervals, settings, reproduce } = sampleReport();
    const small = renderReport({ title, methods: methods.slice(0, 1), intervals, settings, reproduce });
    expect(small).not.toMatch(/<h2>(Rubrics|The teacher)/);
    expect(small).not.toContain('gap recovered');
    expect(small).not.toContain('undefined');
  });
});
