/** Shows the progress of long work in one output that updates itself: pass the returned function as `onProgress`. */

import type { ProgressEvent } from '../../base/records/events';
import { progressLines, warningLine } from '../../base/records/progress';
import { escapeText, visibleText } from '../../results/figures/text';
import { createDisplay, type MimeBundle } from './kernel';

export type ProgressListener = (event: ProgressEvent) => void;

/** Milliseconds between two updates; more than four a second would burden browsers and the notebook file. */
const RENEW_EVERY = 250;

/** The most warnings that stay visible. */
const SHOWN_WARNINGS = 6;

/** The latest warnings as text and as HTML; both are empty while there are none. */
export interface Warnings {
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

/** Warnings as text and as HTML, one to a line. */
function shownWarnings(lines: readonly string[]): Warnings {
  const item = (line: string) =>
    `<div style="border-left:4px solid #d55e00;padding-left:8px">${escapeText(line)}</div>`;
  return { text: lines.map((line) => `\n${visibleText(line)}`).join(''), html: lines.map(item).join('') };
}

/**
 * Shows the latest event with the latest warnings: at once if the last update is long enough ago, otherwise a little
 * later. The end of a stage is always shown.
 */
export function renewed(render: (event: ProgressEvent, warnings: Warnings) => MimeBundle): ProgressListener {
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
    // A warning follows the numbers of its step, which remain visible.
    else latest = event;
    const wait = shownAt + RENEW_EVERY - Date.now();
    if (wait <= 0 || event.done >= event.total) show();
    else timer ??= setTimeout(show, wait).unref();
  };
}
