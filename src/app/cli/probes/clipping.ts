/** `rcsd clipping`: measures how much a clip distorts a teacher's guidance, before any training. */

import type { DivergenceSettings } from '../../../base/config/parts';
import { InputError } from '../../../base/records/errors';
import { resolveTrainConfig } from '../../../method/algorithms/settings';
import type { Estimate } from '../../../results/evaluation/intervals';
import { percentInterval } from '../../../results/figures/text';
import { type ClippedPlaces, type ClippingMeasures, measureClipping } from '../../../run/probes/clipping';
import { openSession } from '../../../run/session/session';
import { writeMeasurement } from '../../../study/speed/measurement';
import { numberOption, textOption } from '../shared/arguments';
import type { Command } from '../shared/command';
import { outputFile } from '../shared/outputFile';
import { print } from '../shared/print';
import { NOTHING_KEPT, sayingWhatIsKept } from '../shared/stopped';
import { type Subset, subsetOverrides, subsetSettings } from '../shared/subsetSettings';
import { textTable } from '../shared/textTable';

const SUBSET: Subset = {
  command: 'clipping',
  group: 'evaluation',
  defaults: { rubric_source: 'reference' },
};
const DEFAULT_CLIPS = 'entry:0.01,entry:0.05,entry:0.2,position:0.05,mask:0.05,entry:0.05:20';

/** Reads `MODE:LIMIT` or `MODE:LIMIT:TOP_K`, separated by commas; the result's names are those in the tables. */
export function clipsOf(text: string): Record<string, Partial<DivergenceSettings>> {
  return Object.fromEntries(
    text.split(',').map((word) => {
      const [, mode, limit, top] = /^(entry|position|mask):(\d*\.?\d+)(?::(\d+))?$/.exec(word.trim()) ?? [];
      if (mode === undefined || limit === undefined || !(Number(limit) > 0))
        throw new InputError(
          `--clips: "${word}" is not a clip; write entry, position or mask, a limit above 0 and, if wanted, the number of the teacher's top entries, for example entry:0.05 or entry:0.05:20.`,
        );
      const clip_mode = mode as DivergenceSettings['clip_mode'];
      const top_k = Number(top ?? 0);
      return [`${mode} ${limit}${top_k > 0 ? `, top ${top_k}` : ''}`, { clip: Number(limit), clip_mode, top_k }];
    }),
  );
}

const interval = ({ value, low, high }: Estimate): string =>
  `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
const placeOf = ({ first, end }: ClippedPlaces): string =>
  first === end - 1 ? `${first + 1}` : `${first + 1} to ${end}`;

/** What each clip makes of the update as a whole, then a line for each clip and each part of the answer. */
export function clippingText({ outcomes, places }: ClippingMeasures): string {
  const verdicts = outcomes.map(({ clip, answers, product, cosine, kept, verdict }) => [
    clip,
    String(answers),
    product.toPrecision(3),
    cosine.toFixed(3),
    kept.toFixed(3),
    verdict,
  ]);
  const rows = places.map((own) => [
    own.clip,
    placeOf(own),
    String(own.tokens),
    interval(own.alignment),
    percentInterval(own.inverted),
    interval(own.kept),
    interval(own.divergence),
  ]);
  const head = ['clip', 'tokens of the answer', 'tokens', 'cosine', 'led away', 'length kept', 'true KL'];
  return `${textTable(['clip', 'answers', 'inner product', 'cosine', 'length kept', 'the clip'], verdicts)}
the clip inverts the update where the inner product of the clipped and the unclipped gradient over all tokens is below zero; it
shrinks it where less than 0.3 of its length is kept; else it is harmless.

${textTable(head, rows)}
cosine: between the clipped and the unclipped gradient over all tokens of an answer; led away: tokens whose own cosine is below
zero; length kept: length of the clipped gradient as a share of the unclipped one. 95 % intervals over questions.\n`;
}

export const command: Command = {
  options: [
    { name: 'questions', value: 'N', help: 'number of questions, held-out ones first (default: 84)' },
    { name: 'tokens', value: 'N', help: 'longest answer in tokens (default: 128)' },
    { name: 'clips', value: 'LIST', help: `MODE:LIMIT[:TOP_K], separated by commas (default: ${DEFAULT_CLIPS})` },
    {
      name: 'output',
      value: 'FILE',
      help: 'also write how it was measured, and a row for each clip and place or cell',
    },
  ],
  settings: subsetSettings(SUBSET),
  notes: `The student answers each question once. At every token of its answers, the gradient with the clip is compared with the
gradient without it. Rows of kind "cell" are a map over the probabilities that teacher and student give to the teacher's most
likely token. docs/method.md has the formulas of the clips.`,
  examples: [
    'rcsd clipping data=microscience --questions 70',
    'rcsd clipping model=smollm2-135m data=data/science-sample temperature=0.7 --output clipping.jsonl',
  ],
  async run(args, { signal, progress }) {
    const config = resolveTrainConfig({ overrides: subsetOverrides(args, SUBSET) });
    const questions = numberOption(args, 'questions', 84, { min: 2, whole: true });
    const maxTokens = numberOption(args, 'tokens', 128, { min: 1, whole: true });
    const clips = textOption(args, 'clips', DEFAULT_CLIPS);
    const output = outputFile(args);
    const plan = { questions, samples: 1, maxTokens, clips: clipsOf(clips) };
    const started = Date.now();
    const session = await openSession(config);
    try {
      const { onProgress } = progress;
      const found = await sayingWhatIsKept(NOTHING_KEPT, () =>
        measureClipping(session, config, { plan, signal, onProgress }),
      );
      progress.finish();
      print(clippingText(found));
      const words = [`--questions ${questions}`, `--tokens ${maxTokens}`, `--clips ${clips}`];
      const command = ['rcsd clipping', ...args.overrides, ...words].join(' ');
      const rows = [
        ...found.outcomes.map((own) => ({ kind: 'outcome', ...own })),
        ...found.places.map((own) => ({ kind: 'place', ...own })),
        ...found.cells.map((own) => ({ kind: 'cell', ...own })),
      ];
      if (output !== undefined)
        writeMeasurement(output, rows, { session, config, command, seconds: (Date.now() - started) / 1000 });
    } finally {
      session.dispose();
    }
  },
};
