/** Progress of long work in one output that renews itself: give the returned function to `onProgress`. */

import type { ProgressEvent } from '../../base/records/events';
import { progressLines, warningLine } from '../../base/records/progress';
import { type CurvePanel, type MetricsRow, trainingCurves } from '../../results/figures/curves';
import { figureToSvg } from '../../results/figures/svg/render';
import { escapeText, visibleText } from '../../results/figures/text';
import { createDisplay, type MimeBundle } from './kernel';

/** Takes progress events. */
export type ProgressListener = (event: ProgressEvent) => void;

/** Milliseconds between two renewals: browsers and the notebook file have enough to do with four a second. */
const RENEW_EVERY = 250;

/** The most warnings kept in sight. */
const SHOWN_WARNINGS = 6;

/** The latest warnings in words and as HTML, both empty while there are none. */
interface Warnings {
  readonly text: string;
  readonly html: string;
}

/** A bar with the numbers of the latest event, and the warnings so far. */
export function liveProgress(): ProgressListener {
  const describe = progressLines();
  return renewed((event, warnings) => {
    const line = describe(event);
    const bar = `<progress max="${event.total}" value="${event.done}" style="width:18em;vertical-align:middle"></progress>`;
    const html = `<div style="font-variant-numeric:tabular-nums">${bar} ${escapeText(line, 300)}</div>`;
    return { 'text/html': html + warnings.html, 'text/plain': line + warnings.text };
  });
}

/** Which numbers the chart draws. */
export interface LiveChartOptions {
  /** Names of the events' metrics, by default `loss` and `entropy`. */
  readonly metrics?: readonly string[];
}

/** Lines of the events' metrics, one for each stage, with the progress above them and the warnings so far below. */
export function liveChart(options: LiveChartOptions = {}): ProgressListener {
  const panels: CurvePanel[] = (options.metrics ?? ['loss', 'entropy']).map((metric) => ({ metric, label: metric }));
  const describe = progressLines();
  const stages = new Map<string, MetricsRow[]>();
  const draw = renewed((event, warnings) => {
    const line = describe(event);
    const runs = [...stages].map(([name, metrics]) => ({ name, metrics }));
    const svg = figureToSvg(trainingCurves(runs, { title: line, panels }), { height: runs.length > 0 ? 280 : 70 });
    // A picture alone stays a picture, which more viewers show.
    const picture: MimeBundle = warnings.html ? { 'text/html': svg + warnings.html } : { 'image/svg+xml': svg };
    return { ...picture, 'text/plain': line + warnings.text };
  });
  return (event) => {
    const { stage, done, metrics = {} } = event;
    if (panels.some(({ metric }) => metric in metrics)) {
      const rows = stages.get(stage) ?? [];
      rows.push({ ...metrics, step: done });
      stages.set(stage, rows);
    }
    draw(event);
  };
}

/** Warnings in words and as HTML, each on a line of its own. */
function shownWarnings(lines: readonly string[]): Warnings {
  const item = (line: string) =>
    `<div style="border-left:4px solid #d55e00;padding-left:8px">${escapeText(line)}</div>`;
  return { text: lines.map((line) => `\n${visibleText(line)}`).join(''), html: lines.map(item).join('') };
}

/**
 * Shows the latest event, with the latest warnings, at once when the last showing is long enough ago, else a little later; the end
 * of a stage always.
 */
function renewed(render: (event: ProgressEvent, warnings: Warnings) => MimeBundle): ProgressListener {
  const display = createDisplay();
  const warnings: string[] = [];
  let latest: ProgressEvent | undefined;
  let shownAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const show = () => {
    clearTimeout(timer);
    timer = undefined;
    shownAt = Date.now();
    if (latest) display.show(render(latest, shownWarnings(warnings.slice(-SHOWN_WARNINGS))));
  };
  return (event) => {
    if (event.warning) warnings.push(warningLine(event));
    // A warning comes right behind the numbers of its step, which stay.
    else latest = event;
    const wait = shownAt + RENEW_EVERY - Date.now();
    if (wait <= 0 || event.done >= event.total) show();
    else timer ??= setTimeout(show, wait).unref();
  };
}
