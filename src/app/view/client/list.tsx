/** The list of answers: only the rows in sight are in the page, however many there are. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { ViewedRun } from '../shapes';
import type { Answer } from './store';

const HEIGHT = 62;

/** Follows the scrolling of a list of `count` rows of one height. */
function useVirtualRows(count: number) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  const [rows] = useState(
    () =>
      new Virtualizer<HTMLDivElement, Element>({
        count,
        getScrollElement: () => box.current,
        estimateSize: () => HEIGHT,
        overscan: 6,
        scrollToFn: elementScroll,
        observeElementRect,
        observeElementOffset,
        onChange: () => redraw(undefined),
      }),
  );
  rows.setOptions({ ...rows.options, count });
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  return { box, rows };
}

export interface ListProps {
  readonly answers: readonly Answer[];
  readonly runs: readonly ViewedRun[];
  readonly chosen: Answer | undefined;
  readonly onChoose: (answer: Answer) => void;
}

/** A listbox; arrow keys, Page Up and Down, Home and End choose. */
export function AnswerList({ answers, runs, chosen, onChoose }: ListProps) {
  const { box, rows } = useVirtualRows(answers.length);
  const at = chosen ? answers.indexOf(chosen) : -1;
  const go = (to: number): void => {
    const next = answers[Math.max(0, Math.min(answers.length - 1, to))];
    if (!next) return;
    rows.scrollToIndex(answers.indexOf(next));
    onChoose(next);
  };
  const page = Math.max(1, Math.floor((box.current?.clientHeight ?? HEIGHT) / HEIGHT) - 1);
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page },
    ...{ Home: 0, End: answers.length - 1 },
  };
  return (
    <div
      ref={box}
      class="list"
      role="listbox"
      aria-label="Answers"
      aria-activedescendant={at >= 0 ? `answer-${answers[at]?.key}` : undefined}
      tabIndex={0}
      onKeyDown={(event) => {
        const to = steps[event.key];
        if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      <div class="rows" role="presentation" style={{ height: `${rows.getTotalSize()}px` }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const own = answers[index];
          return own ? (
            <Row
              key={own.key}
              {...{ own, index, start, runs }}
              count={answers.length}
              chosen={index === at}
              onChoose={onChoose}
            />
          ) : null;
        })}
      </div>
    </div>
  );
}

interface RowProps extends Pick<ListProps, 'runs' | 'onChoose'> {
  readonly own: Answer;
  readonly index: number;
  readonly start: number;
  readonly count: number;
  readonly chosen: boolean;
}

/** Where an answer comes from, in few words. */
export const placeOf = (own: Answer, runs: readonly ViewedRun[]): string => {
  const name = runs.find(({ id }) => id === own.run)?.name ?? '';
  return `${name} · ${own.step === null ? `evaluation ${own.label}` : `step ${own.step}`}`;
};

function Row({ own, index, start, count, chosen, runs, onChoose }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys of all its options
    <div
      id={`answer-${own.key}`}
      class={`row ${own.verdict}${chosen ? ' chosen' : ''}`}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      aria-posinset={index + 1}
      aria-setsize={count}
      style={{ transform: `translateY(${start}px)`, height: `${HEIGHT}px` }}
      onClick={() => onChoose(own)}
    >
      <span class="first">
        <Verdict own={own} />
        <span class="place">{placeOf(own, runs)}</span>
        {own.divergence !== null && <span class="figure">{own.divergence.toFixed(3)} nats</span>}
      </span>
      <span class="second">{own.text.slice(0, 220)}</span>
    </div>
  );
}

const SIGNS = { right: '✓', wrong: '✗', unknown: '·' } as const;
const WORDS = { right: 'right', wrong: 'wrong', unknown: 'not graded' } as const;

/** What is known of an answer, in signs and words. */
export function Verdict({ own }: { readonly own: Answer }) {
  return (
    <span class="verdict">
      <span class={`sign ${own.verdict}`}>
        <span aria-hidden="true">{SIGNS[own.verdict]}</span> {WORDS[own.verdict]}
      </span>
      {own.unparsed && <span class="chip">unparsed</span>}
      {own.truncated && <span class="chip">truncated</span>}
      {own.details && (
        <span class="chip" title="both sides' next tokens were kept">
          tokens
        </span>
      )}
    </span>
  );
}
