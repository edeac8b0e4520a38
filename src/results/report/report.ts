/**
 * Writes the report of a run: one HTML file without outside resources, and with no script but the token inspector's, readable offline, on paper, in light
 * and dark.
 */

import { decodingsText, decodingText } from '../../base/records/decoding';
import { duration } from '../../base/records/progress';
import { accuracyBars } from '../figures/accuracy';
import { trainingCurves } from '../figures/curves';
import { type FamilyScore, familyHeatmap } from '../figures/families';
import type { Figure } from '../figures/figure';
import { recoveryFigure } from '../figures/recovery';
import { figureToSvg } from '../figures/svg/render';
import { escapeText, percent, percentInterval } from '../figures/text';
import { rubricCard } from './html/rubricCard';
import { tableHtml } from './html/table';
import { inspectorHtml, inspectorScript } from './inspector/html';
import { INSPECTOR_STYLE } from './inspector/style';
import type { MethodSummary, ReportData, RubricCounts, StrataSummary } from './reportData';

const STYLE = `
:root{color-scheme:light dark}
body{margin:0;background:#fff;color:#1f2328;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:62em;margin:0 auto;padding:24px 20px 64px}
h1{font-size:1.7em;line-height:1.2;margin:.4em 0}
h2{font-size:1.2em;margin:2.2em 0 .5em;border-bottom:1px solid rgba(128,128,128,.35);padding-bottom:.2em}
figure{margin:1.4em 0;overflow-x:auto}
figure svg{width:100%;min-width:720px;max-width:880px;height:auto}
figcaption,.note{font-size:.86em;opacity:.8;max-width:52em}
pre{overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;padding:12px 14px;border-radius:8px;background:rgba(128,128,128,.14);font-size:.9em}
nav ol{columns:2;max-width:36em;padding-left:1.4em}
a{color:inherit}
.warning{border-left:5px double #d55e00;padding:6px 12px;margin:8px 0;background:rgba(213,94,0,.1)}
@media (prefers-color-scheme:dark){body{background:#16191d;color:#e6e9ec}}
@page{size:A4;margin:15mm}
@media print{
body{font-size:10.5pt}
main{max-width:none;padding:0}
h2{break-after:avoid}
figure,section,tr{break-inside:avoid}
figure svg{min-width:0}
section,div{overflow:visible!important}
table{font-size:8pt!important;max-width:100%}
th,td{white-space:normal!important;overflow-wrap:break-word;padding:2px 6px 2px 0!important}
td+td{overflow-wrap:anywhere}
details::details-content{content-visibility:visible;display:block;height:auto}
details>:not(summary){display:block}
select{border:0!important;appearance:none}
}
`;

/** The complete HTML page. Every text in `data` is treated as untrusted. */
export function renderReport(data: ReportData): string {
  const inspected = (data.guidance ?? []).length > 0 ? inspectorScript() : undefined;
  const rubrics = (data.rubrics ?? []).map(({ rubric, question }) => rubricCard(rubric, question)).join('');
  const parts = (
    [
      ['Methods', (data.about ?? []).length > 0 ? tableHtml(data.about ?? []) : ''],
      ['Training questions', questionsTable(data)],
      ['Results', summaryTable(data) + rubricLine(data.rubricCounts)],
      ['By stratum', strataTable(data)],
      ['Figures', figuresOf(data).map(figureHtml).join('')],
      ['Rubrics', rubrics && rule(data.rubricRule) + rubrics],
      ['The teacher’s guidance', guidanceHtml(data)],
      ['Time and memory', costTable(data)],
      ['How to run it again', `<pre>${escapeText(data.reproduce, 2000)}</pre>`],
      ['Settings', details('All settings', dotted(data.settings))],
      ['Where these numbers come from', data.provenance ? tableHtml(pairs(Object.entries(data.provenance))) : ''],
    ] as const
  ).filter(([, content]) => content !== '');
  const body = [
    `<h1>${escapeText(data.title, 200)}</h1>`,
    data.lead ? `<p>${escapeText(data.lead, 2000)}</p>` : '',
    (data.warnings ?? [])
      .map((text) => `<p class="warning"><strong>Note.</strong> ${escapeText(text, 1000)}</p>`)
      .join(''),
    `<nav aria-label="Contents"><ol>${parts.map(([title]) => `<li><a href="#${idOf(title)}">${title}</a></li>`).join('')}</ol></nav>`,
    ...parts.map(([title, content]) => `<h2 id="${idOf(title)}">${title}</h2>${content}`),
  ];
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:${inspected ? `; script-src '${inspected.hash}'` : ''}">` +
    `<title>${escapeText(data.title, 200)}</title><style>${STYLE}${inspected ? INSPECTOR_STYLE : ''}</style></head><body><main>${body.join('\n')}</main>${inspected?.html ?? ''}</body></html>\n`
  );
}

/** The anchor of a section. */
const idOf = (title: string): string => title.toLowerCase().replace(/[^a-z]+/g, '-');

/** By which rule the examples below were chosen. */
const rule = (text: string | undefined): string => (text ? `<p class="note">${escapeText(text, 400)}</p>` : '');

/** Seconds of each part and of all, and the largest memory of the process. */
function costTable({ cost }: ReportData): string {
  if (!cost) return '';
  const parts = Object.entries(cost.seconds);
  const total = parts.reduce((sum, [, seconds]) => sum + seconds, 0);
  const rows = [...parts, ...(parts.length > 1 ? [['in all', total] as const] : [])].map(([part, seconds]) => ({
    part,
    time: duration(seconds),
  }));
  const memory =
    cost.peakMemory === undefined
      ? 'The memory of the process was not recorded.'
      : `Largest memory of the process: ${(cost.peakMemory / 2 ** 30).toFixed(1)} GiB.`;
  return `${tableHtml(rows)}<p class="note">${memory}</p>`;
}

/** Data sets of each stage, and what was left out of them. */
function questionsTable({ data = [] }: ReportData): string {
  const rows = data.flatMap(({ stage, sets }) =>
    sets.map(({ data: name, weight, questions, chosen, draws }) => ({
      stage,
      data: name,
      weight: weight ?? '–',
      questions,
      chosen,
      'drawn in the whole stage': draws ?? '–',
    })),
  );
  if (rows.length === 0) return '';
  const notes = data.flatMap(({ stage, too_long: long }) =>
    long
      ? `${stage}: ${long.left_out} of the first ${long.of} questions were left out, because their prompts are longer than ${long.max_prompt_tokens} tokens.`
      : [],
  );
  return tableHtml(rows) + rule(notes.join(' '));
}

function summaryTable(data: ReportData): string {
  const has = (key: 'process' | 'recovered') => data.methods.some((method) => method[key] !== undefined);
  const row = (method: MethodSummary) => ({
    method: method.method,
    decoding: decodingText(method.decoding),
    accuracy: percentInterval(method.accuracy),
    ...(has('process') ? { 'process score': percentInterval(method.process) } : {}),
    ...(has('recovered') ? { 'gap recovered': percentInterval(method.recovered) } : {}),
    'questions × samples': `${method.questions} × ${method.samples}`,
    unparsed: method.unparsed,
    truncated: method.truncated,
  });
  const notes = [`Intervals: ${data.intervals}.`, 'Unparsed answers count as wrong.'];
  if (has('recovered')) notes.push('Gap recovered: (method − base) / (its teacher − base).');
  return `${tableHtml(data.methods.map(row))}<p class="note">${escapeText(notes.join(' '), 1000)}</p>`;
}

function strataTable({ strata = [] }: ReportData): string {
  if (strata.length === 0) return '';
  const rows = strata.map(({ method, decoding, all, strata: own }) => ({
    method,
    decoding: decodingText(decoding),
    all: percentInterval(all),
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, percentInterval(value)])),
  }));
  return tableHtml(rows);
}

function rubricLine(counts: RubricCounts | undefined): string {
  if (!counts) return '';
  return (
    `<p>Rubrics: ${counts.valid} of ${counts.asked} valid (${percent(counts.valid / counts.asked)}), ${counts.retried} asked for a second time, ` +
    `${counts.dropped} questions dropped.</p>`
  );
}

interface CaptionedFigure {
  readonly figure: Figure;
  readonly caption: string;
}

function figuresOf(data: ReportData): CaptionedFigure[] {
  const { methods, families = [], curves = [] } = data;
  const base = methods.find(({ method }) => method.toLowerCase().startsWith('base'));
  const recovered = methods.flatMap(({ method, recovered, decoding }) =>
    recovered ? [{ method, recovered, ...(decoding && { decoding }) }] : [],
  );
  const how = decodingsText(methods.map(({ decoding }) => decoding));
  const references = base ? [{ label: 'base model', value: base.accuracy.value }] : [];
  const figures: CaptionedFigure[] = [];
  if (methods.length > 0) {
    const scores = methods.map(({ method, accuracy, decoding }) => ({
      method,
      score: accuracy,
      ...(decoding && { decoding }),
    }));
    figures.push({
      figure: accuracyBars(scores, { references }),
      caption: `Whose bar is higher than the base’s dashed line by more than the whiskers has learned something. Bars: accuracy (${how}); whiskers: ${data.intervals}.`,
    });
  }
  if (recovered.length > 0) {
    const caption = `How much of what its teacher could teach a student has learned: 0 % is the base model, 100 % is the method’s own teacher (${how}).`;
    figures.push({ figure: recoveryFigure(recovered), caption });
  }
  const greedy = (data.strata ?? []).filter(({ decoding }) => decoding?.temperature === 0);
  if (greedy.length > 0)
    figures.push({
      figure: familyHeatmap(greedy.flatMap(strataCells), 'Accuracy by stratum'),
      caption:
        'Where a method gains: a row that is bright beyond the first columns answers what the untrained base did not. Accuracy in per cent, greedy. Strata say how likely the untrained base is to use the right rule untold.',
    });
  if (families.length > 0)
    figures.push({
      figure: familyHeatmap(families),
      caption: `Which families a method answers: compare the rows. Accuracy in per cent (${how}).`,
    });
  if (curves.length > 0) {
    const options = data.curvePanels ? { panels: data.curvePanels } : {};
    figures.push({
      figure: trainingCurves(curves, options),
      caption:
        'A divergence that falls and then lies flat has been learned; a length that runs away is a warning. One line for each run, over its training steps.',
    });
  }
  return [...figures, ...(data.figures ?? [])];
}

const strataCells = ({ method, decoding, strata }: StrataSummary): FamilyScore[] =>
  Object.entries(strata).map(([family, { value }]) => ({
    family,
    method,
    accuracy: value,
    ...(decoding && { decoding }),
  }));

function figureHtml({ figure, caption }: CaptionedFigure): string {
  return `<figure>${figureToSvg(figure)}<figcaption>${escapeText(caption, 600)}</figcaption></figure>`;
}

function guidanceHtml(data: ReportData): string {
  const { guidance = [], clip } = data;
  const shown = guidance
    .map(({ guidance: scores, question, caption }) => {
      const inspector = inspectorHtml({ scores, ...(caption !== undefined && { caption }), ...(clip && { clip }) });
      return `<p><strong>Question.</strong> ${escapeText(question, 1500)}</p>${inspector}`;
    })
    .join('');
  return shown && rule(data.guidanceRule) + shown;
}

function details(summary: string, rows: readonly (readonly [string, unknown])[]): string {
  if (rows.length === 0) return '';
  return `<details><summary>${summary}</summary>${tableHtml(pairs(rows), { maxRows: 400 })}</details>`;
}

function pairs(entries: readonly (readonly [string, unknown])[]): { name: string; value: string }[] {
  return entries.map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
  }));
}

/** Nested settings as rows with dotted names. */
export function dotted(value: object, prefix = ''): (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? dotted(inner, `${prefix}${key}.`)
      : [[`${prefix}${key}`, inner] as const],
  );
}
