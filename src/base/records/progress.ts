/** Progress in a terminal: one line that renews itself, or, where there is no terminal, a line every few seconds. */
import type { ProgressEvent } from './events';
import { printable } from './printable';

/** Where progress goes; `process.stderr` fits. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Prints events; `finish` ends the current line. */
export interface ProgressPrinter {
  readonly onProgress: (event: ProgressEvent) => void;
  finish(): void;
}

/** Milliseconds between lines where there is no terminal, and between renewals where there is. */
const LINE_EVERY = 5000;
const RENEW_EVERY = 100;
/** The longest line, in characters. Names and warnings in it may quote files of others. */
const LONGEST_LINE = 1000;

/** Seconds as `8s`, `3m20s` or `2h05m`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
}

function figure(value: number | null): string {
  if (value === null) return '–';
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}

/** One event as a line: stage, count, time spent, time left, numbers. `elapsed` counts seconds of this stage. */
export function progressLine(event: ProgressEvent, elapsed: number, startedAt = 0): string {
  const { stage, done, total, metrics = {}, detail } = event;
  const fresh = done - startedAt;
  const left = fresh > 0 && elapsed > 0 && done < total ? `, ${duration((elapsed / fresh) * (total - done))} left` : '';
  const numbers = Object.entries(metrics).map(([name, value]) => `${name} ${figure(value)}`);
  const parts = [`${stage} ${done}/${total} (${duration(elapsed)}${left})`, ...numbers, ...(detail ? [detail] : [])];
  return printable(parts.join('  '), LONGEST_LINE);
}

/**
 * Events as lines. Time left is reckoned from the units done since the stage's first event, so that a resumed stage is not
 * taken for a fast one; hence every event must be passed, whether or not its line is shown.
 */
export function progressLines(now: () => number = Date.now): (event: ProgressEvent) => string {
  let stage: { readonly name: string; readonly since: number; readonly first: number } | undefined;
  return (event) => {
    const time = now();
    // The first report of a stage usually says 0; one that says more than 1 goes on where an earlier run stopped.
    const first = event.done <= 1 ? 0 : event.done;
    if (stage?.name !== event.stage) stage = { name: event.stage, since: time, first };
    return progressLine(event, (time - stage.since) / 1000, stage.first);
  };
}

/** An event's warning as a line, with the place where it came up if it has one. */
export const warningLine = ({ stage, done, total, warning }: ProgressEvent): string =>
  printable(total === 0 ? `Note: ${warning}` : `Warning at ${stage} ${done}/${total}: ${warning}`, LONGEST_LINE);

/** A printer for `onProgress`. The last event of a stage is always printed, and so is every warning. */
export function progressPrinter(
  stream: ProgressStream = process.stderr,
  now: () => number = Date.now,
): ProgressPrinter {
  const lineOf = progressLines(now);
  let stage: string | undefined;
  let printed = Number.NEGATIVE_INFINITY;
  let open = false;
  const endLine = () => {
    if (open) stream.write('\n');
    open = false;
  };
  const onProgress = (event: ProgressEvent) => {
    const time = now();
    const line = lineOf(event);
    if (stage !== event.stage) {
      endLine();
      stage = event.stage;
      printed = Number.NEGATIVE_INFINITY;
    }
    if (event.warning) {
      if (open) stream.write('\r\x1b[2K');
      open = false;
      stream.write(`${warningLine(event)}\n`);
      return;
    }
    const last = event.done >= event.total;
    if (!last && time - printed < (stream.isTTY ? RENEW_EVERY : LINE_EVERY)) return;
    printed = time;
    if (!stream.isTTY) {
      stream.write(`${line}\n`);
      return;
    }
    stream.write(`\r\x1b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
    open = true;
    if (last) endLine();
  };
  return { onProgress, finish: endLine };
}
