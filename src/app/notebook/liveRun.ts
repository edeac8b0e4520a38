/**
 * Follows a run in its folder while it trains, so that what an earlier sitting trained is there too: curves, the latest score on the
 * validation questions, speed, and the latest answer.
 */
import { basename, join } from 'node:path';
import type { TrainConfig } from '../../base/config/configs';
import type { ProgressEvent } from '../../base/records/events';
import { progressLines } from '../../base/records/progress';
import type { CompletionRow, MetricsRow, ValidationRow } from '../../base/records/rows';
import { stageFolders } from '../../base/records/runReader';
import { type CurvePanel, type RunCurves, trainingCurves } from '../../results/figures/curves';
import { figureToSvg } from '../../results/figures/svg/render';
import { escapeText, percentInterval, visibleText } from '../../results/figures/text';
import { type Growing, growing } from '../view/growing';
import { type ProgressListener, renewed } from './live';
import { pictureHtml } from './picture';

const PANELS: readonly CurvePanel[] = [
  { metric: 'loss', label: 'loss, with any clip' },
  { metric: 'divergence/true', label: 'true divergence (nats a token)' },
  { metric: 'reward', label: 'reward' },
  { metric: 'entropy', label: 'entropy (nats a token)' },
  { metric: 'accuracy', label: 'accuracy on validation questions' },
];

/** The most characters of an answer that are shown. */
const LONGEST_ANSWER = 1500;

/** One stage's files, read as far as they are. */
interface Followed {
  readonly name: string;
  readonly metrics: Growing<MetricsRow>;
  readonly validation: Growing<ValidationRow>;
  /** Reads what was added; the last answer, if there is one. */
  readonly answer: () => CompletionRow | undefined;
}

/**
 * Shows a run's progress in one output that renews itself: pass it as `onProgress` to the `train` of the same settings. The notebook's stop
 * button saves the run; the same cell then goes on with it.
 */
export function liveRun({ runs, name }: Pick<TrainConfig, 'runs' | 'name'>): ProgressListener {
  const describe = progressLines();
  const stages = new Map<string, Followed>();
  return renewed((event, warnings) => {
    for (const path of stageFolders(join(runs, name))) if (!stages.has(path)) stages.set(path, follow(path));
    const lines = [describe(event)];
    const curves: RunCurves[] = [];
    let answer: CompletionRow | undefined;
    for (const stage of stages.values()) {
      stage.metrics.refresh();
      stage.validation.refresh();
      answer = stage.answer() ?? answer;
      if (stage.metrics.rows.length > 0) curves.push({ name: stage.name, metrics: stage.metrics.rows });
      const scores = stage.validation.rows.map((row) => ({ ...row }));
      if (scores.length > 0) curves.push({ name: `${stage.name}, validation`, metrics: scores });
    }
    const last = [...stages.values()].filter(({ metrics }) => metrics.rows.length > 0).at(-1);
    if (last) lines.push(...speedLine(last), ...validationLine(last));
    const text = lines.map((line) => visibleText(line)).join('\n');
    const picture =
      curves.length > 0 ? pictureHtml(figureToSvg(trainingCurves(curves, { title: name, panels: PANELS })), text) : '';
    return {
      'text/html': barHtml(event, lines) + picture + (answer ? answerHtml(answer) : '') + warnings.html,
      'text/plain': text + warnings.text,
    };
  });
}

function follow(path: string): Followed {
  let last: CompletionRow | undefined;
  const answers = growing(join(path, 'completions.jsonl'), (line) => {
    last = line as unknown as CompletionRow;
    return [];
  });
  return {
    name: basename(path),
    metrics: growing(join(path, 'metrics.jsonl'), (line) => [line as MetricsRow]),
    validation: growing(join(path, 'validation.jsonl'), (line) => [line as unknown as ValidationRow]),
    answer: () => {
      answers.refresh();
      return last;
    },
  };
}

/** Tokens learned from in a second, over the last ten steps. */
function speedLine({ metrics }: Followed): string[] {
  const recent = metrics.rows.slice(-10);
  const sum = (metric: string) => recent.reduce((total, row) => total + (row[metric] ?? 0), 0);
  const [drawing, learning] = [sum('seconds/rollout'), sum('seconds/update')];
  if (drawing + learning === 0) return [];
  const rate = Math.round(sum('num_tokens') / (drawing + learning));
  const each = (seconds: number) => (seconds / recent.length).toPrecision(2);
  return [
    `${rate.toLocaleString('en-US')} tokens a second; a step draws for ${each(drawing)} s and learns for ${each(learning)} s`,
  ];
}

function validationLine({ validation }: Followed): string[] {
  const row = validation.rows.at(-1);
  if (!row) return [];
  const { step, accuracy, low, high, questions } = row;
  return [`validation after step ${step}: ${percentInterval({ value: accuracy, low, high })}, ${questions} questions`];
}

const barHtml = ({ done, total }: ProgressEvent, lines: readonly string[]): string =>
  '<div style="font-variant-numeric:tabular-nums">' +
  `<progress max="${total}" value="${done}" style="width:18em;vertical-align:middle"></progress> ` +
  `${lines.map((line) => escapeText(line, 300)).join('<br>')}` +
  `${done < total ? '<br><small>The stop button of the notebook (■) saves the run; this cell then goes on with it.</small>' : ''}</div>`;

function answerHtml({ step, question_id: question, prompt, text, reward }: CompletionRow): string {
  const scored = reward === undefined ? '' : `, reward ${reward.toPrecision(2)}`;
  return (
    `<details><summary>An answer of step ${step} to ${escapeText(question, 100)}${scored}</summary>` +
    `<pre style="white-space:pre-wrap">${escapeText(prompt, LONGEST_ANSWER)}\n\n${escapeText(text, LONGEST_ANSWER)}</pre></details>`
  );
}
