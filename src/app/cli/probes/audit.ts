/** `rcsd audit`: measures where the guidance of each context points at better answers, before any training. */

import { writeFileAtomic } from '../../../base/records/atomic';
import { saying } from '../../../base/records/events';
import { shellWord } from '../../../base/records/printable';
import { resolveTrainConfig } from '../../../method/algorithms/settings';
import { questionsHash } from '../../../results/evaluation/results';
import { creditHeatmap } from '../../../results/figures/credit';
import { figureToSvg } from '../../../results/figures/svg/render';
import { AUDIT_CONTEXTS, type AuditRow, auditContexts, auditGuidance } from '../../../run/probes/audit';
import { creditBy } from '../../../run/probes/auditSummary';
import { inputsOf } from '../../../run/session/inputs';
import { openSession } from '../../../run/session/session';
import { writeMeasurement } from '../../../study/speed/measurement';
import { choiceOption, numberOption, textOption } from '../shared/arguments';
import { auditText } from '../shared/auditText';
import type { Command } from '../shared/command';
import { outputFile } from '../shared/outputFile';
import { print } from '../shared/print';
import { type Subset, subsetOverrides, subsetSettings } from '../shared/subsetSettings';
import { fingerprintOf, workOff } from '../shared/workOff';

const SUBSET: Subset = { command: 'audit' };

/** Questions between two times that what is finished is kept. */
const PIECE = 10;

/** The contexts by stratum, or by the kind of token where questions have no strata. */
function auditFigure(rows: readonly AuditRow[]): string {
  const by = rows.some(({ stratum }) => stratum !== null) ? 'stratum' : 'class';
  const cells = creditBy(rows, by).map(({ context, group, gain }) => ({
    row: context,
    column: group,
    value: gain.value,
  }));
  return figureToSvg(creditHeatmap(cells, `Where the guidance is right, by ${by}`));
}

export const command: Command = {
  options: [
    { name: 'questions', value: 'N', help: 'number of held-out questions (default: 100)' },
    { name: 'samples', value: 'N', help: "the student's answers to each (default: 2)" },
    { name: 'places', value: 'N', help: 'places measured in each answer, at most (default: 3)' },
    { name: 'continuations', value: 'N', help: 'untold continuations from each likely token (default: 16)' },
    { name: 'tokens', value: 'N', help: 'longest answer in tokens (default: 80)' },
    {
      name: 'value',
      value: 'right|option',
      help: "what a token is worth: the share of right answers behind it (default), or the right option's probability there, which draws nothing",
    },
    {
      name: 'contexts',
      value: 'LIST',
      help: `rubric sources, answer, or answer+SOURCE, separated by commas (default: those of ${AUDIT_CONTEXTS.join(', ')} that the data can show)`,
    },
    { name: 'criteria', help: 'also audit each criterion of the reference rubrics by itself' },
    { name: 'figure', value: 'FILE', help: 'also draw the gains as a heatmap (SVG)' },
    {
      name: 'output',
      value: 'FILE',
      help: 'also write how it was measured and a row for each question; keeps finished questions when stopped',
    },
  ],
  settings: subsetSettings(SUBSET),
  notes: `The student answers without help. At the places of its answers where some context moves the distribution most, each likely token
is followed by untold continuations; the share of right ones is its value. A context's guidance is good where it moves probability to
tokens of higher value. docs/method.md has the formula. With --output, the same command resumes a stopped one.`,
  examples: [
    'rcsd audit data=microscience --questions 40 --figure audit.svg',
    'rcsd audit data=microscience --criteria --output audit.jsonl',
  ],
  async run(args, { signal, progress }) {
    const config = resolveTrainConfig({ overrides: subsetOverrides(args, SUBSET) });
    const count = (name: string, standard: number): number =>
      numberOption(args, name, standard, { min: 1, whole: true });
    const wanted = numberOption(args, 'questions', 100, { min: 2, whole: true });
    const plan = {
      value: choiceOption(args, 'value', ['right', 'option']),
      samples: count('samples', 2),
      places: count('places', 3),
      continuations: count('continuations', 16),
      maxTokens: count('tokens', 80),
    };
    const names = textOption(args, 'contexts', undefined)?.split(',');
    const criteria = args.options.criteria === true;
    const [output, figure] = [outputFile(args), outputFile(args, 'figure')];
    const started = Date.now();
    const session = await openSession(config);
    try {
      const questions = session.test.slice(0, wanted);
      const contexts = auditContexts(session, config, { questions, names, criteria });
      const options = { signal, onProgress: progress.onProgress };
      await workOff({
        stage: 'audit',
        inputs: await inputsOf(config, session, options),
        output: output ?? '-',
        fingerprint: fingerprintOf([config, plan, names, criteria, questionsHash(questions)]),
        rows: questions.length,
        piece: PIECE,
        each: 1,
        together: true,
        of: (start, end) =>
          auditGuidance(session, config, { plan, questions: questions.slice(start, end), contexts, signal }),
        write: (made) => {
          const rows = made as readonly AuditRow[];
          progress.finish();
          print(auditText(rows));
          if (figure !== undefined) writeFileAtomic(figure, auditFigure(rows));
          const words = [
            ...args.overrides.map(shellWord),
            `--questions ${wanted}`,
            ...(criteria ? ['--criteria'] : []),
          ];
          if (output !== undefined)
            writeMeasurement(output, rows, {
              session,
              config: { ...config, audit: plan },
              command: ['rcsd audit', ...words].join(' '),
              seconds: (Date.now() - started) / 1000,
            });
        },
        say: saying(options),
        ...options,
      });
    } finally {
      session.dispose();
    }
  },
};
