import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Criterion } from '../../src/base/records/rubric';
import { compactNumber, escapeText, visibleText } from '../../src/results/figures/text';
import { rubricCard } from '../../src/results/report/html/rubricCard';
import { tableHtml, tableText } from '../../src/results/report/html/table';
import { inspectorHtml } from '../../src/results/report/inspector/html';
import { entryRows, quantitiesOf } from '../../src/results/report/inspector/quantities';
import { guidanceText } from '../../src/results/report/inspector/text';
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

describe('the token inspector', () => {
  const clip = { clip: 0.05, clip_mode: 'entry', loss_temperature: 1 } as const;
  const shown = (scores = guidance, more: object = {}) => inspectorHtml({ scores, ...more });
  const spans = (html: string) => html.match(/<span id="[^>]*>/g) ?? [];

  test('shades each token by its divergence, and opens that of the largest', () => {
    const shades = spans(shown()).map((span) => Number(/,([\d.]+)\)/.exec(span)?.[1]));
    expect(shades).toHaveLength(guidance.tokens.length);
    expect(shades.indexOf(Math.max(...shades))).toBe(4);
    expect((shades[17] as number) / (shades[4] as number)).toBeCloseTo(Math.sqrt(0.55 / 0.92), 2);
    expect(
      spans(shown())
        .map((span) => span.includes('aria-selected="true"'))
        .indexOf(true),
    ).toBe(4);
  });

  test('underlines only where the teacher prefers another token', () => {
    const underlined = spans(shown()).map((span) => span.includes('underline'));
    expect(underlined.flatMap((is, index) => (is ? [index] : []))).toEqual([4]);
  });

  test('shows both distributions with what is left of them, the terms, and where a clip of entries cuts', () => {
    const { rows, rest } = entryRows(guidance, 4, clip);
    expect(rows.map(({ kept }) => kept)).toEqual([0.05, -0.14]);
    expect(rows.map(({ written }) => written)).toEqual([false, true]);
    expect(rest.teacher).toBeCloseTo(1 - Math.exp(-0.08) - Math.exp(-2.7), 9);
    expect(rest.student).toBeCloseTo(1 - Math.exp(-1.2) - Math.exp(-0.6), 9);
    // Terms and what the clip leaves of them add up to those of the token.
    expect(rest.term).toBeCloseTo(0.92 - 1.03 + 0.14, 9);
    expect(rest.kept).toBeCloseTo(0.01 - 0.05 + 0.14, 9);
    const html = shown(guidance, { clip });
    expect(html).toContain('cut to 0.05');
    expect(html).toContain('The entry clip of 0.05 leaves 0.01 nats of 0.92 nats.');
    expect(shown()).not.toContain('cut to');
    expect(shown(guidance, { clip: { ...clip, clip_mode: 'position' } })).not.toContain('cut to');
  });

  test('offers the quantities that an answer has', () => {
    expect(quantitiesOf(guidance).map(({ key }) => key)).toEqual([
      ...['divergence', 'ratio', 'entropy', 'teacher_entropy', 'clip'],
    ]);
    const { details: _, ...bare } = guidance;
    expect(quantitiesOf({ ...bare, weight: [1] }).map(({ key }) => key)).toEqual(['divergence', 'ratio', 'weight']);
    const [, ratio] = quantitiesOf(guidance);
    expect(ratio?.values[4]).toBeCloseTo(-2.1, 9);
    expect(quantitiesOf(guidance).at(-1)?.values[4]).toBeCloseTo(0.91, 9);
  });

  test('names the strongest differences in a table and in text, and no others', () => {
    const table = /<details[\s\S]*<\/details>/.exec(shown())?.[0] ?? '';
    expect(table.match(/<tr>/g)).toHaveLength(4);
    expect(guidanceText(guidance)).toContain('"a " -> "u " (0.92 nats)');
  });

  test('colours each token by its criterion, and says in words which that is', () => {
    const criteria = ['Correct rule', 'Key <step>'];
    const criterion = guidance.tokens.map((_, i) => Number(i > 3));
    const html = shown({ ...guidance, criteria, criterion });
    const colors = spans(html).map((span) => /background:rgba\((\d+,\d+,\d+),/.exec(span)?.[1]);
    const [first, second, ...others] = [...new Set(colors)];
    expect(others).toEqual([]);
    expect(colors).toEqual(criterion.map((k) => [first, second][k]));
    const legend = [...html.matchAll(/<i style="background:rgba\((\d+,\d+,\d+),/g)].map((match) => match[1]);
    expect(legend).toEqual([first, second]);
    expect(html).toContain('1 Correct rule: 4 tokens');
    expect(html).toContain(`2 Key &lt;step>: ${criterion.length - 4} tokens`);
    expect(guidanceText({ ...guidance, criteria, criterion })).toContain('(0.92 nats, 2 Key <step>)');
    expect(shown()).not.toContain('riterion');
  });

  test('of an answer without details it says so, and does not speak of what the teacher prefers', () => {
    const { details: _, ids: __, ...bare } = guidance;
    expect(shown(bare)).toContain('keep_token_details');
    expect(shown(bare)).not.toMatch(/prefers|underline/);
    expect(guidanceText(bare)).toContain('"a " (0.92 nats)');
  });

  test('is bounded and survives missing numbers', () => {
    const { details: _, ...bare } = guidance;
    const many = { ...bare, tokens: Array.from({ length: 100_000 }, () => 'x'), divergence: [Number.NaN] };
    const html = shown(many, { maxTokens: 10 });
    expect(spans(html)).toHaveLength(10);
    expect(html).toContain('99990 more tokens');
    expect(html.slice(0, html.indexOf('<script'))).not.toContain('NaN');
  });

  test('a hostile text ends neither the answer nor the data beside it', () => {
    const html = shown({ ...guidance, tokens: guidance.tokens.map(() => `</script>${HOSTILE}`) });
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    expect(html).not.toContain('<img');
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

  /** The page without the inspector's script, and that script. */
  const apart = (page: string): [string, string] => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
    return [page.replace(script, ''), script];
  };

  test('needs nothing from outside and runs nothing but the inspector, which its policy names', () => {
    const [page, script] = apart(html);
    expect(page.match(/<script(?! type="application\/json")/g)).toHaveLength(1);
    expect(page).not.toMatch(/<link|<iframe|<img|@import|\bsrc=|\bhref="(?!#)|url\(|\bon\w+=/i);
    expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|\/\//);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  });

  test('without an answer to inspect there is no script at all', () => {
    const { guidance: _, ...rest } = sampleReport();
    expect(renderReport(rest)).not.toMatch(/<script|script-src/);
  });

  test('treats every text as data', () => {
    const poisoned = renderReport(poison(sampleReport()) as ReturnType<typeof sampleReport>);
    expect(poisoned).toContain('&lt;img src=x onerror=');
    const [page] = apart(poisoned);
    expect(page.match(/<script(?! type="application\/json")/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
    // What is shown has no unprintable character; the data beside it keeps them, and the inspector marks them.
    const data = /<script type="application\/json">[\s\S]*?<\/script>/g;
    expect(page.replace(data, '')).not.toMatch(/\u202e|\p{Cc}(?<!\n)/u);
    // What a hostile text adds is never a tag.
    const tags = (text: string) => text.match(/<[a-z!/][^>]*>/gi)?.map((tag) => tag.split(/[\s>]/)[0]);
    expect(new Set(tags(page))).toEqual(new Set(tags(apart(html)[0])));
  });

  test('leaves out what is missing', () => {
    const { title, methods, intervals, settings, reproduce } = sampleReport();
    const small = renderReport({ title, methods: methods.slice(0, 1), intervals, settings, reproduce });
    expect(small).not.toMatch(/<h2[^>]*>(Rubrics|The teacher)/);
    expect(small).not.toContain('gap recovered');
    expect(small).not.toContain('undefined');
  });
});
