/** One answer: question, text, the rubric beside it, and the token inspector. */
import { useEffect, useState } from 'preact/hooks';
import { visibleText } from '../../../results/figures/text';
import { Inspector } from '../../../results/report/inspector/inspector';
import type { AnswerDetail, MarkedCriterion, ViewedRun } from '../shapes';
import { placeOf, Verdict } from './list';
import type { Answer, Store } from './store';

export interface AnswerProps {
  readonly own: Answer;
  readonly runs: readonly ViewedRun[];
  readonly store: Store;
  /** Whether another answer stands beside it. */
  readonly paired: boolean;
}

/** The longest prompt that is shown. */
const PROMPT = 20_000;

type Read =
  | { readonly detail: AnswerDetail; readonly key: string }
  | { readonly problem: string; readonly key: string };

/** An answer with everything that is known of it. */
export function AnswerView({ own, runs, store, paired }: AnswerProps) {
  const [read, setRead] = useState<Read>();
  useEffect(() => {
    let wanted = true;
    const take = (found: Read): void => {
      if (wanted) setRead(found);
    };
    store.detail(own).then(
      (detail) => take({ detail, key: own.key }),
      (error: Error) => take({ problem: error.message, key: own.key }),
    );
    return () => {
      wanted = false;
    };
  }, [own, store]);
  const clip = runs.find(({ id }) => id === own.run)?.clip;
  const detail = read?.key === own.key && 'detail' in read ? read.detail : undefined;
  return (
    <article class={`answer${paired ? ' paired' : ''}`} aria-label={`Answer to ${own.question}`}>
      <header>
        <h2>{visibleText(own.question, 120)}</h2>
        <p class="facts">
          <Verdict own={own} /> <span>{placeOf(own, runs)}</span> <span>sample {own.sample}</span>
          <span>{own.decoding}</span> <span>{own.tokens} tokens</span>
          {own.stratum && <span>stratum {own.stratum}</span>}
          {own.subject && <span>{own.subject}</span>}
          {own.reward !== null && <span>reward {own.reward}</span>}
          {own.divergence !== null && <span>mean divergence {own.divergence.toFixed(4)} nats</span>}
        </p>
      </header>
      {read && 'problem' in read && <p class="problem">{read.problem}</p>}
      {detail && <Known detail={detail} own={own} clip={clip} />}
    </article>
  );
}

function Known({
  detail,
  own,
  clip,
}: {
  readonly detail: AnswerDetail;
  readonly own: Answer;
  readonly clip: ViewedRun['clip'];
}) {
  const { asked, choices, target, extracted, text, scores } = detail;
  return (
    <>
      {asked && (
        <div class="question">
          <p>{visibleText(asked)}</p>
          {choices.length > 0 && (
            <ol type="A">
              {choices.slice(0, 26).map((choice, i) => (
                <li key={String(i)}>{visibleText(choice, 400)}</li>
              ))}
            </ol>
          )}
        </div>
      )}
      <div class="beside">
        <div>
          <h3>Answer</h3>
          <p class="text">{visibleText(text, PROMPT) || <em>(empty)</em>}</p>
          <dl class="pairs">
            {target !== null && <Pair label="reference" value={target} />}
            {target !== null && <Pair label="found in the answer" value={extracted ?? 'nothing'} />}
            {detail.process !== null && <Pair label="process score" value={`${(100 * detail.process).toFixed(0)} %`} />}
          </dl>
        </div>
        <Rubric criteria={detail.criteria} source={detail.rubricSource} />
      </div>
      {scores && (
        <>
          <h3>Tokens</h3>
          <Inspector key={own.key} scores={scores} clip={clip} />
        </>
      )}
      <Prompt title="What the student read" text={detail.prompt} />
      {detail.teacherPrompts.map((prompt, k) => (
        <Prompt
          key={String(k)}
          title={detail.teacherPrompts.length > 1 ? `What teacher ${k + 1} read` : 'What the teacher read'}
          text={prompt}
        />
      ))}
    </>
  );
}

function Pair({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{visibleText(value, 400)}</dd>
    </div>
  );
}

function Prompt({ title, text }: { readonly title: string; readonly text: string }) {
  if (text === '') return null;
  return (
    <details class="prompt">
      <summary>{title}</summary>
      <pre>{visibleText(text, PROMPT)}</pre>
    </details>
  );
}

const MARKS = { met: '✓', 'not met': '✗', 'not judged': '–' } as const;

function Rubric({
  criteria,
  source,
}: {
  readonly criteria: readonly MarkedCriterion[];
  readonly source: string | null;
}) {
  return (
    <div>
      <h3>Rubric {source !== null && <small>{visibleText(source, 60)}; marks are by the task’s rule</small>}</h3>
      {criteria.length === 0 && <p class="faint">No rubric is known for this question.</p>}
      <ol class="rubric">
        {criteria.slice(0, 40).map((own, k) => (
          <li key={String(k)}>
            <span class="weight" title="weight">
              {own.weight > 0 ? '+' : own.weight < 0 ? '−' : ''}
              {Math.abs(own.weight)}
            </span>
            <strong>{visibleText(own.title, 120)}</strong> <small>{visibleText(own.importance ?? '', 40)}</small>
            <span class={`mark ${own.verdict.replace(' ', '-')}`}>
              <span aria-hidden="true">{MARKS[own.verdict]}</span> {own.verdict}
            </span>
            <p>{visibleText(own.description, 1000)}</p>
          </li>
        ))}
      </ol>
    </div>
  );
}
