/** Train: RCSD beside a placebo, each in a worker of its own, with the accuracy of both students by stratum while they learn. */
import { useState } from 'preact/hooks';
import { seriesStyles } from '../../../results/figures/palette';
import { Choice } from '../../view/client/choice';
import { Chart, type Curve } from '../../view/client/curves';
import { ARMS, type Arm, DECODINGS, type StratumScore } from '../protocol';
import { Problem } from './ask';
import { Table } from './table';
import { type ArmState, NAMES, secondsLeft, type Workers } from './training';

const STRATA = ['all', 'modal', 'minority', 'gated', 'silent'] as const;
/** Accuracy is measured five times over a training. */
const LOOKS = 5;

export interface TrainProps {
  readonly states: Readonly<Record<Arm, ArmState>>;
  readonly workers: Workers;
  readonly onState: (arm: Arm, change: (state: ArmState) => ArmState) => void;
}

/** The page of the two trainings. */
export function TrainPage({ states, workers, onState }: TrainProps) {
  const [steps, setSteps] = useState(40);
  const [questions, setQuestions] = useState(48);
  const [stratum, setStratum] = useState('all');
  const running = ARMS.some((arm) => states[arm].running);
  const every = Math.max(1, Math.ceil(steps / (LOOKS - 1)));
  const start = async (arm: Arm): Promise<void> => {
    onState(arm, () => ({ running: true, step: 0, seconds: 0, doing: 'opening the model', measured: [] }));
    const ended = await workers[arm].call.train({ arm, steps, every, questions }).then(
      (own) => ({ ended: own, step: own.steps }),
      (error: Error) => ({ problem: error.message }),
    );
    onState(arm, (state) => ({ ...state, ...ended, running: false }));
  };
  return (
    <div class="train">
      <p>
        Both students start from the same model and answer the same questions, eight at each step. The teacher of{' '}
        <strong>RCSD</strong> sees the rubric of the question; the teacher of the <strong>placebo</strong> sees the
        rubric of another question.
      </p>
      <div class="filters">
        <NumberField label="Steps" value={steps} range={[1, 200]} disabled={running} onChange={setSteps} />
        <NumberField
          label="Held-out questions of each measurement"
          value={questions}
          range={[4, 600]}
          disabled={running}
          onChange={setQuestions}
        />
        <button type="button" class="primary" disabled={running} onClick={() => ARMS.map(start)}>
          Train both
        </button>
        <button type="button" disabled={!running} onClick={() => ARMS.map((arm) => workers[arm].call.stop())}>
          Stop
        </button>
      </div>
      <div class="arms">
        {ARMS.map((arm) => (
          <ArmView key={arm} arm={arm} state={states[arm]} steps={steps} workers={workers} />
        ))}
      </div>
      <Accuracies states={states} stratum={stratum} onStratum={setStratum} />
    </div>
  );
}

function NumberField(props: {
  readonly label: string;
  readonly value: number;
  readonly range: readonly [least: number, most: number];
  readonly disabled: boolean;
  readonly onChange: (value: number) => void;
}) {
  const [min, max] = props.range;
  return (
    <label class="choice">
      {props.label}
      <input
        type="number"
        {...{ min, max, disabled: props.disabled, value: props.value }}
        onChange={(event) => {
          const value = Math.round(Number(event.currentTarget.value));
          props.onChange(Math.min(max, Math.max(min, value || min)));
        }}
      />
    </label>
  );
}

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;

/** How far one training is, and what it leaves. */
function ArmView(props: {
  readonly arm: Arm;
  readonly state: ArmState;
  readonly steps: number;
  readonly workers: Workers;
}) {
  const { arm, state, steps, workers } = props;
  const { running, step, seconds, doing, loss, ended, problem } = state;
  const left = secondsLeft(state, steps);
  const save = async (what: 'run' | 'model'): Promise<void> => {
    const link = document.createElement('a');
    const bytes = await workers[arm].call.download(what);
    link.href = URL.createObjectURL(new Blob([bytes as BlobPart], { type: 'application/zip' }));
    link.download = `${arm}-${what}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  const said = running
    ? `step ${step} of ${steps}, ${doing}, ${minutes(seconds)} so far${left === undefined ? '' : `, about ${minutes(left)} left`}`
    : ended
      ? `${ended.stopped ? 'stopped' : 'done'} after ${step} steps, ${minutes(seconds)}`
      : 'not started';
  return (
    <section aria-label={NAMES[arm]}>
      <h2>{NAMES[arm]}</h2>
      <progress max={steps} value={step} aria-label={`steps of ${NAMES[arm]}`} />
      <p class="faint">
        {said}
        {loss !== undefined && `; loss ${loss.toFixed(4)} nats a token`}
      </p>
      {problem !== undefined && <Problem text={problem} />}
      {ended && step > 0 && (
        <p class="filters">
          <button type="button" onClick={() => save('model')}>
            Save the model
          </button>
          <button type="button" onClick={() => save('run')}>
            Save the run folder
          </button>
        </p>
      )}
    </section>
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const find = (scores: readonly StratumScore[], stratum: string, decoding: string): StratumScore | undefined =>
  scores.find((own) => own.stratum === stratum && own.decoding === decoding);

/** A curve for each arm and decoding, and a table with the first and the last measurement of each stratum. */
function Accuracies(props: {
  readonly states: TrainProps['states'];
  readonly stratum: string;
  readonly onStratum: (stratum: string) => void;
}) {
  const { states, stratum } = props;
  const measured = ARMS.filter((arm) => states[arm].measured.length > 0);
  if (measured.length === 0) return null;
  const series = measured.flatMap((arm) => DECODINGS.map((decoding) => ({ arm, decoding })));
  const styles = seriesStyles(measured.map((arm) => NAMES[arm]));
  const curves = series.map(({ arm, decoding }): Curve => {
    const points = states[arm].measured.flatMap(({ step, scores }) => {
      const own = find(scores, stratum, decoding);
      return own ? [[step, 100 * own.value] as const] : [];
    });
    const { color = '', shape = 'circle' } = styles[measured.indexOf(arm)] ?? {};
    const style = { color, shape, dash: decoding === 'greedy' ? 'solid' : 'dash' } as const;
    return { name: `${NAMES[arm]}, ${decoding}`, style, points, last: points.at(-1)?.[1] };
  });
  const n = states[measured[0] as Arm].measured[0]?.scores[0]?.n ?? 0;
  return (
    <section aria-labelledby="accuracy">
      <h2 id="accuracy">Accuracy on {n} held-out questions</h2>
      <div class="filters">
        <Choice
          label="Questions"
          value={stratum}
          options={STRATA.map((name) => [name, name])}
          onChoose={props.onStratum}
        />
        <span class="keys">
          {measured.map((arm, i) => (
            <span key={arm}>
              <i style={{ background: styles[i]?.color }} /> {NAMES[arm]}
            </span>
          ))}
          <span>solid: greedy; dashed: sampled at temperature 1, top_p 0.95</span>
        </span>
      </div>
      <Chart curves={curves} metric={`accuracy, ${stratum}`} unit="%" />
      <Scores {...{ states, measured }} />
    </section>
  );
}

function Scores({ states, measured }: { readonly states: TrainProps['states']; readonly measured: readonly Arm[] }) {
  const shown = measured.flatMap((arm) => {
    const all = states[arm].measured;
    return [...new Set([all[0], all.at(-1)])].flatMap((own) => (own ? [{ arm, ...own }] : []));
  });
  return (
    <Table
      caption="Right answers with 95 % intervals over the questions; the first and the last measurement."
      columns={['student', 'step', 'decoding', ...STRATA]}
    >
      {shown.flatMap(({ arm, step, scores }) =>
        DECODINGS.map((decoding) => (
          <tr key={`${arm} ${step} ${decoding}`}>
            <th scope="row">{NAMES[arm]}</th>
            <td>{step}</td>
            <td>{decoding}</td>
            {STRATA.map((name) => {
              const own = find(scores, name, decoding);
              return (
                <td key={name}>
                  {own ? (
                    <>
                      <strong>{percent(own.value)}</strong>{' '}
                      <small>
                        [{percent(own.low)}, {percent(own.high)}], n={own.n}
                      </small>
                    </>
                  ) : (
                    '–'
                  )}
                </td>
              );
            })}
          </tr>
        )),
      )}
    </Table>
  );
}
