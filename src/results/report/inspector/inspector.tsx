/**
 * The token inspector: an answer whose tokens are coloured by a chosen quantity, and one opened token with what either side would have
 * written there, the terms of the loss, and where the clip cuts. Pages run it; where scripts may not run (an untrusted notebook, paper)
 * its first picture stands as it is, so everything in it is readable without one.
 */
import { useId, useState } from 'preact/hooks';
import type { TokenScores } from '../../../method/scoring/guidance';
import { compactNumber, percent, signedNumber, visibleText } from '../../figures/text';
import {
  type ClipSettings,
  criterionColors,
  entryRows,
  finite,
  preferredToken,
  type Quantity,
  quantitiesOf,
  shade,
  shadeOf,
  strongestOf,
  strongestTokens,
} from './quantities';

export interface InspectorProps {
  readonly scores: TokenScores;
  /** What is said above the answer. */
  readonly caption?: string;
  /** How the loss was cut, where that is known. */
  readonly clip?: ClipSettings;
  /** How many tokens are shown, default 1,500. */
  readonly maxTokens?: number;
  /** What ids in the page begin with; needed where several are drawn apart from each other. */
  readonly name?: string;
}

const MOST_MARKED = 8;

/** The inspector of one answer; it begins with the token at which the two sides differ most. */
export function Inspector({ scores, caption, clip, maxTokens = 1500, name: given }: InspectorProps) {
  const count = Math.min(scores.tokens.length, maxTokens);
  const quantities = quantitiesOf(scores);
  const marked = strongestTokens(scores, count, MOST_MARKED);
  const [key, setKey] = useState(quantities[0]?.key);
  const [open, setOpen] = useState(marked[0] ?? 0);
  const quantity = quantities.find((own) => own.key === key) ?? (quantities[0] as Quantity);
  const at = Math.min(open, Math.max(0, count - 1));
  const hidden = scores.tokens.length - count;
  const drawn = useId();
  const name = given ?? drawn;
  return (
    <section class="rcsd-inspector">
      {caption && <p class="rcsd-caption">{visibleText(caption, 600)}</p>}
      <div class="rcsd-bar">
        <label>
          Colour{' '}
          <select value={quantity.key} onChange={(event) => setKey(event.currentTarget.value as Quantity['key'])}>
            {quantities.map((own) => (
              <option key={own.key} value={own.key}>
                {own.label}
              </option>
            ))}
          </select>
        </label>
        <Scale quantity={quantity} count={count} />
      </div>
      <Tokens {...{ scores, quantity, count, at, marked, name }} onOpen={setOpen} />
      {hidden > 0 && <p class="rcsd-note">… and {hidden} more tokens</p>}
      {quantity.key === 'criterion' && <Criteria scores={scores} count={count} />}
      {count > 0 && <Opened scores={scores} at={at} clip={clip} />}
      <Differences scores={scores} marked={marked} />
    </section>
  );
}

/** What the colours mean. */
function Scale({ quantity, count }: { readonly quantity: Quantity; readonly count: number }) {
  const most = `${compactNumber(strongestOf(quantity, count))} ${quantity.unit}`.trim();
  const swatch = (color: string, label: string) => (
    <span class="rcsd-swatch">
      <i style={{ background: shade(color, 0.6) }} /> {label}
    </span>
  );
  if (quantity.key === 'criterion') return <span class="rcsd-note">full shade: {most}</span>;
  return (
    <span class="rcsd-note">
      {quantity.signed && swatch('#0072b2', `−${most}`)} {swatch('#d55e00', `${quantity.signed ? '+' : ''}${most}`)}
    </span>
  );
}

interface TokensProps {
  readonly scores: TokenScores;
  readonly quantity: Quantity;
  readonly count: number;
  readonly at: number;
  readonly marked: readonly number[];
  readonly name: string;
  readonly onOpen: (t: number) => void;
}

/** Where a key leads to from a token: its neighbours, the ends, or the next place where the two sides differ strongly. */
function destination(key: string, { at, count, marked }: TokensProps): number | undefined {
  const places = [...marked].sort((a, b) => a - b);
  const targets: Readonly<Record<string, number | undefined>> = {
    ArrowRight: Math.min(count - 1, at + 1),
    ArrowLeft: Math.max(0, at - 1),
    ArrowDown: places.find((t) => t > at),
    ArrowUp: places.reverse().find((t) => t < at),
    Home: 0,
    End: count - 1,
  };
  return targets[key];
}

function Tokens(props: TokensProps) {
  const { scores, quantity, count, at, name, onOpen } = props;
  const strongest = strongestOf(quantity, count);
  const colors = quantity.key === 'criterion' ? criterionColors(scores.criteria ?? []) : [];
  const idOf = (t: number) => `${name}-${t}`;
  return (
    <div
      class="rcsd-tokens"
      role="listbox"
      aria-label="Tokens of the answer: left and right go to the next one, up and down to the next strong difference"
      aria-activedescendant={idOf(at)}
      tabIndex={0}
      style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
      onKeyDown={(event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        const to = destination(event.key, props);
        if (to === undefined) return;
        event.preventDefault();
        onOpen(to);
      }}
    >
      {scores.tokens.slice(0, count).map((token, t) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys of all its options
        <span
          key={t}
          id={idOf(t)}
          role="option"
          tabIndex={-1}
          aria-selected={t === at}
          class={t === at ? 'rcsd-open' : undefined}
          style={{
            background: shadeOf(quantity, t, { strongest, color: colors[scores.criterion?.[t] ?? 0] }),
            textDecoration: preferredToken(scores, t) ? 'underline' : undefined,
          }}
          onClick={() => onOpen(t)}
        >
          {visibleText(token, 200)}
        </span>
      ))}
    </div>
  );
}

/** Which colour is which criterion, with the number of tokens at which it moves the student most. */
function Criteria({ scores, count }: { readonly scores: TokenScores; readonly count: number }) {
  const own = scores.criterion?.slice(0, count) ?? [];
  const colors = criterionColors(scores.criteria ?? []);
  return (
    <p class="rcsd-note">
      Colour: the criterion that alone moves the student most.{' '}
      {colors.map((color, k) => {
        const tokens = own.filter((each) => each === k).length;
        return (
          <span class="rcsd-swatch" key={color + String(k)}>
            <i style={{ background: shade(color, 0.6) }} /> {criterionName(scores, k)}: {tokens}{' '}
            {tokens === 1 ? 'token' : 'tokens'}
          </span>
        );
      })}
    </p>
  );
}

/** A criterion as it is called beside the answer: its number in the rubric, and its title. */
const criterionName = ({ criteria = [] }: TokenScores, k: number): string =>
  `${k + 1} ${visibleText(criteria[k] ?? '', 80)}`;

const probability = (logprob: number | undefined): string => (logprob === undefined ? '–' : percent(Math.exp(logprob)));
const nats = (value: number): string => `${compactNumber(value)} nats`;
/** A term, so that a column of them is aligned; what rounds to nothing has no sign. */
const fourDecimals = (value: number): string =>
  value
    .toFixed(4)
    .replace(/^-(0\.0+)$/, '$1')
    .replace('-', '−');
/** A token as it is quoted, so that its spaces are seen. */
const quoted = (token: string): string => visibleText(JSON.stringify(token), 60);

/** One token: its numbers, both distributions, the terms of the loss. */
function Opened({
  scores,
  at,
  clip,
}: {
  readonly scores: TokenScores;
  readonly at: number;
  readonly clip?: ClipSettings;
}) {
  const { details, divergence, studentLogprobs, teacherLogprobs } = scores;
  const criterion = scores.criterion?.[at];
  const facts: [string, string][] = [
    ['divergence', nats(finite(divergence[at]))],
    ['p of this token, teacher', probability(teacherLogprobs[at])],
    ['p, student', probability(studentLogprobs[at])],
    ['log-ratio', `${signedNumber(finite(teacherLogprobs[at]) - finite(studentLogprobs[at]), 2)} nats`],
    ...(details
      ? ([
          ['entropy, teacher', nats(finite(details.teacher_entropy[at]))],
          ['entropy, student', nats(finite(details.entropy[at]))],
        ] as [string, string][])
      : []),
    ...(scores.weight ? ([['weight', compactNumber(finite(scores.weight[at]))]] as [string, string][]) : []),
    ...(criterion === undefined ? [] : ([['criterion', criterionName(scores, criterion)]] as [string, string][])),
  ];
  return (
    <div class="rcsd-opened">
      <p class="rcsd-token" aria-live="polite">
        <code>{quoted(scores.tokens[at] ?? '')}</code>{' '}
        <small>
          token {at + 1} of {scores.tokens.length}
        </small>
      </p>
      <dl class="rcsd-facts">
        {facts.map(([label, value], i) => (
          <div key={label + String(i)}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {details ? (
        <Distributions scores={scores} at={at} clip={clip} />
      ) : (
        <p class="rcsd-note">
          What either side would have written here was not kept of this answer (setting keep_token_details).
        </p>
      )}
    </div>
  );
}

function Distributions({
  scores,
  at,
  clip,
}: {
  readonly scores: TokenScores;
  readonly at: number;
  readonly clip?: ClipSettings;
}) {
  const { rows, rest } = entryRows(scores, at, clip);
  const cuts = clip?.clip_mode === 'entry' && clip.clip > 0;
  const number = (value: number) => <td class="rcsd-number">{fourDecimals(value)}</td>;
  const share = (value: number, side: 'teacher' | 'student') => (
    <td class="rcsd-share">
      <span class={`rcsd-${side}`} style={{ width: `${(value * 60).toFixed(1)}px` }} />
      {percent(value)}
    </td>
  );
  const line = (row: (typeof rows)[number], label: string, key: string) => (
    <tr key={key} class={row.written ? 'rcsd-written' : undefined}>
      <th scope="row">
        {label}
        {row.written && <small> written</small>}
      </th>
      {share(row.teacher, 'teacher')}
      {share(row.student, 'student')}
      {number(row.term)}
      {cuts &&
        (row.kept < row.term ? (
          <td class="rcsd-number rcsd-cut">cut to {compactNumber(row.kept)}</td>
        ) : (
          number(row.kept)
        ))}
    </tr>
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <div class="rcsd-scroll" tabIndex={0}>
      <table class="rcsd-next">
        <caption>
          Likeliest next tokens of both sides
          {clip && clip.loss_temperature !== 1 ? `, at the loss's temperature ${clip.loss_temperature}` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">token</th>
            <th scope="col">teacher</th>
            <th scope="col">student</th>
            <th scope="col">loss term, nats</th>
            {cuts && <th scope="col">after the clip</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => line(row, quoted(row.token), String(i)))}
          {line(rest, 'all others', 'rest')}
        </tbody>
      </table>
      {clip && <ClipNote scores={scores} at={at} clip={clip} />}
    </div>
  );
}

/** What the clip does to the opened token, in a sentence. */
function ClipNote({
  scores,
  at,
  clip,
}: {
  readonly scores: TokenScores;
  readonly at: number;
  readonly clip: ClipSettings;
}) {
  const whole = finite(scores.divergence[at]);
  const left = scores.details?.clipped?.[at];
  if (clip.clip <= 0 || clip.clip_mode === 'none' || left === undefined) return <p class="rcsd-note">No clip.</p>;
  const limit = `${clip.clip_mode} clip of ${clip.clip}`;
  const text =
    Math.abs(whole - left) < 1e-6
      ? `The ${limit} leaves this token as it is.`
      : `The ${limit} leaves ${nats(left)} of ${nats(whole)}.`;
  return <p class="rcsd-note">{text}</p>;
}

/** Where the two sides differ most, so that nothing depends on colour. */
function Differences({ scores, marked }: { readonly scores: TokenScores; readonly marked: readonly number[] }) {
  if (marked.length === 0) return null;
  const { details, criterion } = scores;
  return (
    <details class="rcsd-differences">
      <summary>Where they differ most</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <div class="rcsd-scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">place</th>
              <th scope="col">token</th>
              {details && <th scope="col">teacher prefers</th>}
              <th scope="col">p, teacher</th>
              <th scope="col">p, student</th>
              {criterion && <th scope="col">criterion</th>}
              <th scope="col">divergence, nats</th>
            </tr>
          </thead>
          <tbody>
            {marked.map((t) => (
              <tr key={t}>
                <td class="rcsd-number">{t + 1}</td>
                <th scope="row">{quoted(scores.tokens[t] ?? '')}</th>
                {details && <td>{quoted(preferredToken(scores, t)?.[1] ?? scores.tokens[t] ?? '')}</td>}
                <td class="rcsd-number">{probability(scores.teacherLogprobs[t])}</td>
                <td class="rcsd-number">{probability(scores.studentLogprobs[t])}</td>
                {criterion && <td>{criterionName(scores, criterion[t] ?? 0)}</td>}
                <td class="rcsd-number">{compactNumber(finite(scores.divergence[t]))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
