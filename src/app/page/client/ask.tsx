/** Ask: a question, its rubric, both sides' answers, and what the teacher thinks of each token. */
import { useEffect, useState } from 'preact/hooks';
import type { DivergenceSettings } from '../../../base/config/parts';
import type { Criterion } from '../../../base/records/rubric';
import { Inspector } from '../../../results/report/inspector/inspector';
import { Choice } from '../../view/client/choice';
import type { Answers, Asked, ListedQuestion, SidesAnswer } from '../protocol';
import { LossSettings, Slider } from './settings';
import { useLatest } from './useLatest';
import type { RemoteLab } from './worker';

const STRATA = ['modal', 'minority', 'gated', 'silent'];

const SOURCES = [
  ['reference', 'its own'],
  ['law-only', 'its own, the rule alone'],
  ['step-only', 'its own, the key step alone'],
  ['wrong', 'with the wrong rule'],
  ['placebo', 'of another question'],
  ['generic', 'for any question'],
] as const;

export interface AskProps {
  readonly questions: readonly ListedQuestion[];
  /** Who answers, by name: the base, and students that were trained here. */
  readonly students: readonly (readonly [name: string, lab: RemoteLab])[];
  readonly loss: DivergenceSettings;
  readonly onLoss: (loss: DivergenceSettings) => void;
}

/** The page of questions. */
export function AskPage({ questions, students, loss, onLoss }: AskProps) {
  const [id, setId] = useState(questions.find(({ stratum }) => stratum === 'gated')?.id ?? '');
  const own = questions.find((each) => each.id === id) as ListedQuestion;
  const [text, setText] = useState(own.text);
  const [source, setSource] = useState('reference');
  const [rubric, setRubric] = useState<readonly Told[]>([]);
  const [by, setBy] = useState(0);
  const [drawing, setDrawing] = useState({ temperature: 1, sample: 0 });
  const [side, setSide] = useState<'student' | 'teacher'>('student');
  const lab = (students[by] ?? students[0])?.[1] as RemoteLab;
  const known = useLatest(() => lab.rubric(id, source), [id, source]);
  useEffect(() => setRubric((known.value ?? []).map((criterion) => ({ criterion, told: true }))), [known.value]);
  const asked: Asked = { id, text, criteria: rubric.flatMap(({ criterion, told }) => (told ? [criterion] : [])) };
  const ready = known.value !== undefined;
  const answered = useLatest(ready ? () => lab.answer(asked, drawing) : undefined, [rubric, text, drawing, lab]);
  const answers = answered.value;
  const tokens = answers?.[side].tokens;
  const guided = useLatest(tokens && (() => lab.guidance(asked, tokens, loss)), [rubric, text, tokens, loss, lab]);
  const choose = (next: ListedQuestion): void => {
    setId(next.id);
    setText(next.text);
  };
  const listed = questions.filter(({ stratum }) => stratum === own.stratum);
  return (
    <div class="ask">
      <div class="filters">
        <Choice
          label="The base uses its rule"
          value={own.stratum}
          options={STRATA.map((name) => [name, `${RULES[name]} (${name})`])}
          onChoose={(name) => choose(questions.find(({ stratum }) => stratum === name) as ListedQuestion)}
        />
        <Choice
          label="Question"
          value={id}
          options={listed.slice(0, 40).map((each) => [each.id, each.text])}
          onChoose={(next) => choose(questions.find((each) => each.id === next) as ListedQuestion)}
        />
        {students.length > 1 && (
          <Choice
            label="Student"
            value={String(by)}
            options={students.map(([name], i) => [String(i), name])}
            onChoose={(i) => setBy(Number(i))}
          />
        )}
        <Slider
          label="Temperature"
          value={drawing.temperature}
          range={[0, 1.5, 0.1]}
          text={drawing.temperature === 0 ? 'greedy' : drawing.temperature.toFixed(1)}
          onChange={(temperature) => setDrawing({ ...drawing, temperature })}
        />
        <button type="button" onClick={() => setDrawing({ ...drawing, sample: drawing.sample + 1 })}>
          Draw again
        </button>
      </div>
      <label class="asked">
        <span>The question; numbers and words can be changed</span>
        {/* Its text is its own until it is left: an answer that arrives meanwhile must not take back what is typed. */}
        <textarea key={text} rows={2} defaultValue={text} onChange={(event) => setText(event.currentTarget.value)} />
      </label>
      {[...new Set([known, answered, guided].map(({ problem }) => problem))].map(
        (problem) => problem !== undefined && <Problem key={problem} text={problem} />,
      )}
      <div class="three">
        <section aria-labelledby="rubric">
          <h2 id="rubric">Rubric</h2>
          <p class="faint">The teacher sees it, the student does not.</p>
          <Choice label="Which rubric" value={source} options={SOURCES} onChoose={setSource} />
          <RubricEditor rubric={rubric} onChange={setRubric} />
        </section>
        {answers && (
          <>
            <AnswerOf name="Student" own={answers.student} answers={answers} />
            <AnswerOf name="Teacher" own={answers.teacher} answers={answers} />
          </>
        )}
      </div>
      <h2>What the teacher thinks of each token</h2>
      <LossSettings loss={loss} onChange={onLoss}>
        <Choice
          label="Answer"
          value={side}
          options={[
            ['student', "the student's"],
            ['teacher', "the teacher's"],
          ]}
          onChoose={(name) => setSide(name as typeof side)}
        />
      </LossSettings>
      {guided.value && (
        <>
          <LossOfAnswer
            divergence={guided.value.divergence}
            clipped={loss.clip_mode === 'none' ? undefined : guided.value.details?.clipped}
          />
          <Inspector key={tokens?.join()} scores={guided.value} clip={loss} />
        </>
      )}
    </div>
  );
}

const RULES: Readonly<Record<string, string>> = {
  modal: 'most of the time',
  minority: 'now and then',
  gated: 'only when told',
  silent: 'never, and never names it',
};

/** A criterion, and whether the teacher is told of it. */
interface Told {
  readonly criterion: Criterion;
  readonly told: boolean;
}

export function Problem({ text }: { readonly text: string }) {
  return (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

/** The criteria: each can be left out, or say something else. */
function RubricEditor(props: {
  readonly rubric: readonly Told[];
  readonly onChange: (rubric: readonly Told[]) => void;
}) {
  const { rubric, onChange } = props;
  const change = (at: number, own: Told): void => onChange(rubric.map((each, i) => (i === at ? own : each)));
  return (
    <ul class="criteria">
      {rubric.map((own, i) => {
        const { criterion, told } = own;
        const [, kind = '', sentence = ''] = /^((?:\w+ Criteria: )?)(.*)$/s.exec(criterion.description) ?? [];
        return (
          <li key={criterion.id}>
            <label>
              <input type="checkbox" checked={told} onChange={() => change(i, { criterion, told: !told })} />{' '}
              {criterion.title} <small>weight {String(criterion.weight).replace('-', '−')}</small>
            </label>
            <input
              key={sentence}
              type="text"
              aria-label={`${criterion.title}: what it says`}
              disabled={!told}
              defaultValue={sentence}
              onChange={(event) =>
                change(i, { told, criterion: { ...criterion, description: kind + event.currentTarget.value } })
              }
            />
          </li>
        );
      })}
    </ul>
  );
}

function AnswerOf(props: { readonly name: string; readonly own: SidesAnswer; readonly answers: Answers }) {
  const { name, own, answers } = props;
  return (
    <section aria-label={`${name}'s answer`}>
      <h2>
        {name} <Mark right={own.right} />
      </h2>
      <p class="faint">
        {own.tokens.length} tokens
        {answers.reference === null
          ? '; nobody knows the answer to a changed question'
          : `; the answer is ${answers.reference}`}
      </p>
      <p class="text">{own.text}</p>
    </section>
  );
}

const Mark = ({ right }: { readonly right: boolean | null }) =>
  right === null ? null : (
    <small class={`sign ${right ? 'right' : 'wrong'}`}>
      <span aria-hidden="true">{right ? '✓' : '✗'}</span> {right ? 'right' : 'wrong'}
    </small>
  );

const mean = (values: readonly number[]): number => values.reduce((sum, own) => sum + own, 0) / (values.length || 1);

/** The loss of the whole answer, in a sentence. */
function LossOfAnswer(props: { readonly divergence: readonly number[]; readonly clipped?: readonly number[] }) {
  const { divergence, clipped } = props;
  return (
    <p aria-live="polite">
      Loss of the answer: <strong>{mean(clipped ?? divergence).toFixed(4)} nats a token</strong>
      {clipped && `; without the clip it would be ${mean(divergence).toFixed(4)}`} ({divergence.length} tokens).
    </p>
  );
}
