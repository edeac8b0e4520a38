/**
 * `rcsd doctor --train`: measures the teacher of a run before training, refuses a teacher whose context has no content,
 * and says what the configured clip would make of its guidance.
 */
import type { TrainConfig } from '../../base/config/configs';
import { decodingText } from '../../base/records/decoding';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import { duration } from '../../base/records/progress';
import type { Estimate } from '../../results/evaluation/intervals';
import { sizeText } from '../../results/evaluation/power';
import { percent, percentInterval } from '../../results/figures/text';
import { measureClipping } from '../../run/probes/clipping';
import { type Measures, measureUplift, type Uplift, type UpliftPlan, upliftSeconds } from '../../run/probes/uplift';
import { openSession, type Session } from '../../run/session/session';
import type { CommandContext } from './shared/command';
import { print, printBeside } from './shared/print';
import { NOTHING_KEPT, sayingWhatIsKept } from './shared/stopped';
import { textTable } from './shared/textTable';

/** A difference in points as `+30.1 points [21.0, 39.2]`. */
function points(difference: Estimate | undefined): string {
  return difference ? signed(percentInterval(difference), difference.value).replace(' %', ' points') : '';
}

/** Nats a token with the interval; differences carry their sign. */
function nats({ value, low, high }: Estimate): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

const signed = (text: string, value: number): string => (value >= 0 ? `+${text}` : text);

/** One line for each context, then the two differences. */
export function upliftText({ decoding, contexts, uplift, content }: Uplift): string {
  const withAccuracy = uplift.accuracy !== undefined;
  const difference = (name: string, { accuracy, loglik }: Measures) => [
    name,
    ...(withAccuracy ? [points(accuracy)] : []),
    signed(nats(loglik), loglik.value),
  ];
  const head = [
    'context',
    ...(withAccuracy ? [`accuracy (${decodingText(decoding)})`] : []),
    'log-likelihood of the reference (nats a token)',
  ];
  const rows = [
    ...contexts.map(({ name, accuracy, loglik }) => [
      name,
      ...(withAccuracy ? [percentInterval(accuracy)] : []),
      nats(loglik),
    ]),
    difference('uplift  = configured - none', uplift),
    difference('content = configured - placebo', content),
  ];
  return `${textTable(head, rows)}\n`;
}

/** What the command adds to the plan of the measurement. */
export interface UpliftRun {
  readonly plan: UpliftPlan;
  /** Accept a teacher that would be refused. */
  readonly force: boolean;
}

/** Measures and prints. Throws InputError with the reason for a teacher that should not be trained with. */
export async function runUplift(
  config: TrainConfig,
  { plan, force }: UpliftRun,
  { signal, progress }: CommandContext,
): Promise<void> {
  const session = await openSession(config);
  try {
    const { samples, maxTokens, questions } = plan;
    const seconds = upliftSeconds(session, config, plan);
    printBeside(
      `Measuring the teacher: ${sizeText(questions, samples)} of at most ${Math.min(maxTokens, config.evaluation.max_tokens)} tokens, at most about ${duration(seconds)}\n`,
    );
    const { onProgress } = progress;
    const found = await sayingWhatIsKept(NOTHING_KEPT, () =>
      measureUplift(session, config, { plan, signal, onProgress }),
    );
    progress.finish();
    print(`\n${upliftText(found)}`);
    const { n } = found.content.loglik;
    print(`${sizeText(n, samples)}, one seed; 95 % intervals over questions\n`);
    if (found.refusal === undefined) print('ok       teacher  its context has content for these questions\n');
    else if (force) print(`warning  teacher  ${found.refusal}; continuing because of --force\n`);
    else throw new InputError(`This teacher is refused: ${found.refusal}; or continue in spite of this with --force.`);
    if (config.stage2.clip_mode !== 'none') await printClip(session, config, { plan, signal, onProgress });
  } finally {
    session.dispose();
  }
}

/** Prints what the configured clip would make of the first update. */
async function printClip(
  session: Session,
  config: TrainConfig,
  { plan, ...options }: OperationOptions & { readonly plan: UpliftPlan },
): Promise<void> {
  const { clip, clip_mode } = config.stage2;
  const name = `${clip_mode} ${clip}`;
  const sizes = { questions: plan.questions, samples: Math.max(1, plan.samples), maxTokens: plan.maxTokens };
  const { outcomes } = await measureClipping(session, config, {
    plan: { ...sizes, clips: { [name]: {} } },
    ...options,
  });
  for (const { answers, cosine, kept, verdict } of outcomes) {
    const measured = `cosine ${cosine.toFixed(2)} with the unclipped gradient, ${percent(kept)} of its length, over ${answers} answers`;
    if (verdict === 'harmless') print(`ok       clip     ${name} does no harm: ${measured}\n`);
    else
      print(
        `warning  clip     ${name} ${verdict} the update: ${measured}; set clip=0 clip_mode=none, or clip_mode=position\n`,
      );
  }
}
