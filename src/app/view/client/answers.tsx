/** Leafing through answers: filters, the list, the chosen answer, and another one of the same question beside it. */
import { useMemo, useState } from 'preact/hooks';
import type { ViewedRun } from '../shapes';
import { AnswerView } from './answer';
import { Choice } from './choice';
import { type Filters, filtered, NO_FILTERS } from './filters';
import { AnswerList, placeOf } from './list';
import type { Answer, Store } from './store';

const MOST_OTHERS = 400;

/** The page of answers. */
export function AnswersPage({ store, runs }: { readonly store: Store; readonly runs: readonly ViewedRun[] }) {
  const [filters, setFilters] = useState<Filters>(NO_FILTERS);
  const [key, setKey] = useState<string>();
  const [beside, setBeside] = useState('');
  const { answers, version } = store;
  const found = useMemo(() => filtered(answers, filters), [version, filters]);
  const chosen = found.find((own) => own.key === key) ?? answers.find((own) => own.key === key) ?? found[0];
  const others = useMemo(() => othersOf(chosen, answers), [version, chosen?.key]);
  const other = others.find((own) => own.key === beside);
  return (
    <div class="answers">
      <section class="side" aria-label="Choose an answer">
        <FilterBar {...{ filters, setFilters, store, runs }} />
        <p class="count" role="status">
          {found.length.toLocaleString('en-US')} of {answers.length.toLocaleString('en-US')} answers
          {answers.length < store.expected && `, reading ${store.expected.toLocaleString('en-US')}`}
        </p>
        <AnswerList answers={found} runs={runs} chosen={chosen} onChoose={(own) => setKey(own.key)} />
      </section>
      <section class="main" aria-label="The chosen answer">
        {chosen && others.length > 0 && (
          <Choice
            label="Beside it"
            value={other ? beside : ''}
            onChoose={setBeside}
            options={[
              ['', 'nothing'],
              ...others.slice(0, MOST_OTHERS).map((own): [string, string] => [own.key, otherName(own, runs)]),
            ]}
          />
        )}
        <div class={other ? 'pair' : ''}>
          {chosen && <AnswerView own={chosen} runs={runs} store={store} paired={other !== undefined} />}
          {other && <AnswerView own={other} runs={runs} store={store} paired />}
        </div>
        {!chosen && <p class="faint">No answer fits the filters.</p>}
      </section>
    </div>
  );
}

const otherName = (own: Answer, runs: readonly ViewedRun[]): string =>
  `${placeOf(own, runs)} · sample ${own.sample}${own.verdict === 'unknown' ? '' : ` · ${own.verdict}`}`;

/** The other answers to the same question, from all runs and steps. */
const othersOf = (chosen: Answer | undefined, answers: readonly Answer[]): readonly Answer[] =>
  chosen ? answers.filter((own) => own.question === chosen.question && own.key !== chosen.key) : [];

interface FilterProps {
  readonly filters: Filters;
  readonly setFilters: (filters: Filters) => void;
  readonly store: Store;
  readonly runs: readonly ViewedRun[];
}

function FilterBar({ filters, setFilters, store, runs }: FilterProps) {
  const { answers, version } = store;
  const { strata, tasks, labels } = useMemo(() => {
    const values = (of: (own: Answer) => string | null): string[] =>
      [...new Set(answers.flatMap((own) => of(own) || []))].sort();
    return {
      strata: values((own) => own.stratum),
      tasks: values((own) => own.task),
      labels: values((own) => own.label),
    };
  }, [version]);
  const set = (change: Partial<Filters>): void => setFilters({ ...filters, ...change });
  const named = (values: readonly string[], all: string): [string, string][] => [
    ['', all],
    ...values.map((own): [string, string] => [own, own]),
  ];
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <label class="wide">
        Search{' '}
        <input
          type="search"
          value={filters.search}
          onInput={(event) => set({ search: event.currentTarget.value })}
          placeholder="words of the answer, or a question's id"
        />
      </label>
      <Choice
        label="Run"
        value={filters.run}
        onChoose={(run) => set({ run })}
        options={[['', 'all'], ...runs.map(({ id, name }): [string, string] => [String(id), name])]}
      />
      <Choice label="From" value={filters.label} onChoose={(label) => set({ label })} options={named(labels, 'all')} />
      <Choice
        label="Verdict"
        value={filters.verdict}
        onChoose={(verdict) => set({ verdict })}
        options={[
          ['', 'all'],
          ['right', 'right'],
          ['wrong', 'wrong'],
          ['unknown', 'not graded'],
        ]}
      />
      <Choice
        label="Only"
        value={filters.flaw}
        onChoose={(flaw) => set({ flaw })}
        options={[
          ['', 'all'],
          ['truncated', 'truncated'],
          ['unparsed', 'unparsed'],
          ['details', 'tokens kept'],
        ]}
      />
      {strata.length > 0 && (
        <Choice
          label="Stratum"
          value={filters.stratum}
          onChoose={(stratum) => set({ stratum })}
          options={named(strata, 'all')}
        />
      )}
      {tasks.length > 1 && (
        <Choice
          label="Benchmark"
          value={filters.task}
          onChoose={(task) => set({ task })}
          options={named(tasks, 'all')}
        />
      )}
      <fieldset class="steps">
        <legend>Steps</legend>
        <input
          type="number"
          min="0"
          aria-label="first step"
          value={filters.from}
          onInput={(event) => set({ from: event.currentTarget.value })}
        />
        <span>to</span>
        <input
          type="number"
          min="0"
          aria-label="last step"
          value={filters.to}
          onInput={(event) => set({ to: event.currentTarget.value })}
        />
      </fieldset>
      <Choice
        label="Order"
        value={filters.order}
        onChoose={(order) => set({ order: order as Filters['order'] })}
        options={[
          ['file', 'as written'],
          ['divergence', 'largest divergence'],
          ['longest', 'longest'],
          ['question', 'by question'],
        ]}
      />
      {filters !== NO_FILTERS && (
        <button type="button" onClick={() => setFilters(NO_FILTERS)}>
          Clear
        </button>
      )}
    </form>
  );
}
