/** Loss: a vocabulary of four tokens, to see what divergence, temperature and clip do to one token of an answer. */
import { useState } from 'preact/hooks';
import type { DivergenceSettings } from '../../../base/config/parts';
import { Problem } from './ask';
import { LossSettings, Slider } from './settings';
import { Table } from './table';
import { useLatest } from './useLatest';
import type { RemoteLab } from './worker';

const NAMES = ['v', 'u', 'a', 't'] as const;
const SIDES = ['teacher', 'student'] as const;
type Logits = Readonly<Record<(typeof SIDES)[number], readonly number[]>>;

/** A teacher that knows, and a student that prefers another token. */
const FIRST: Logits = { teacher: [3, 0, -1, -1], student: [0.5, 2, 0, -1] };

function softmax(logits: readonly number[], temperature: number): number[] {
  const all = logits.map((own) => Math.exp(own / temperature));
  const sum = all.reduce((a, b) => a + b, 0);
  return all.map((own) => own / sum);
}

/** The page of four tokens. */
export function LossPage(props: {
  readonly lab: RemoteLab;
  readonly loss: DivergenceSettings;
  readonly onLoss: (loss: DivergenceSettings) => void;
}) {
  const { lab, loss, onLoss } = props;
  const [logits, setLogits] = useState(FIRST);
  const asked = { teacher: [logits.teacher], student: [logits.student] };
  const { value: found, problem } = useLatest(() => lab.divergence(asked, loss), [logits, loss]);
  const move = (side: keyof Logits, at: number, value: number): void =>
    setLogits({ ...logits, [side]: logits[side].map((own, i) => (i === at ? value : own)) });
  const p = {
    teacher: softmax(logits.teacher, loss.loss_temperature),
    student: softmax(logits.student, loss.loss_temperature),
  };
  const gradient = found?.gradient[0] ?? [];
  return (
    <div class="loss">
      <h2>The loss at one token</h2>
      <p class="faint">
        Four tokens could come next. Move what either side holds of them, and see the loss and where it pushes the
        student.
      </p>
      <LossSettings loss={loss} onChange={onLoss} />
      {problem !== undefined && <Problem text={problem} />}
      <Table
        caption="Probabilities at the temperature of the loss; a negative gradient raises the student’s logit."
        columns={['token', "teacher's logit", 'p, teacher', "student's logit", 'p, student', 'gradient']}
      >
        {NAMES.map((name, i) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
            </th>
            {SIDES.flatMap((side) => [
              <td key={`${side} logit`}>
                <Slider
                  label={`${name}, ${side}`}
                  value={logits[side][i] ?? 0}
                  range={[-4, 4, 0.1]}
                  text={(logits[side][i] ?? 0).toFixed(1)}
                  onChange={(value) => move(side, i, value)}
                />
              </td>,
              <td key={`${side} p`}>
                <Bar share={p[side][i] ?? 0} side={side} />
              </td>,
            ])}
            <td>
              <Push value={gradient[i] ?? 0} />
            </td>
          </tr>
        ))}
      </Table>
      {found && (
        <p aria-live="polite">
          Loss <strong>{(found.values[0] ?? 0).toFixed(4)} nats</strong>; the divergence before any clip is{' '}
          {(found.unclipped[0] ?? 0).toFixed(4)} nats. {led(gradient, p)}
        </p>
      )}
    </div>
  );
}

/** Whether the push leads towards the teacher, in a sentence. */
function led(gradient: readonly number[], p: Readonly<Record<string, readonly number[]>>): string {
  const along = gradient.reduce((sum, own, i) => sum + own * ((p.student?.[i] ?? 0) - (p.teacher?.[i] ?? 0)), 0);
  if (gradient.every((own) => Math.abs(own) < 1e-9)) return 'Nothing pushes the student.';
  return along < 0 ? 'The push leads away from the teacher.' : 'The push leads towards the teacher.';
}

function Bar({ share, side }: { readonly share: number; readonly side: string }) {
  return (
    <span class="share">
      <i class={side} style={{ width: `${(80 * share).toFixed(1)}px` }} /> {(100 * share).toFixed(1)} %
    </span>
  );
}

/** A gradient with a bar to the left or right of the middle. */
function Push({ value }: { readonly value: number }) {
  const size = Math.min(40, 40 * Math.abs(value));
  return (
    <span class="push">
      <svg viewBox="-40 0 80 10" width="80" height="10" aria-hidden="true">
        <rect x={value < 0 ? -size : 0} y="1" width={size} height="8" />
        <path d="M0 0V10" />
      </svg>{' '}
      {value.toFixed(4).replace('-', '−')}
    </span>
  );
}
