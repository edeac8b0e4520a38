/** Curves of several runs on one chart: any metric, logarithmic if wanted, smoothed if wanted, with the numbers at a step. */
import { useEffect, useState } from 'preact/hooks';
import { type SeriesStyle, seriesStyles } from '../../../results/figures/palette';
import { dashArray } from '../../../results/figures/svg/elements';
import { extent, linearScale, niceTicks, type Scale } from '../../../results/figures/svg/scale';
import { compactNumber } from '../../../results/figures/text';
import type { MetricColumns, ViewedRun } from '../shapes';
import { Choice } from './choice';
import type { Store } from './store';
import { unitOf } from './units';

/** One line of a chart. */
export interface Curve {
  readonly name: string;
  readonly style: SeriesStyle;
  readonly points: readonly (readonly [step: number, value: number])[];
  /** Before smoothing. */
  readonly last: number | undefined;
}

/** The page of curves. */
export function CurvesPage({ store, runs }: { readonly store: Store; readonly runs: readonly ViewedRun[] }) {
  const drawn = runs.filter(({ steps }) => steps > 0);
  const [off, setOff] = useState<ReadonlySet<number>>(new Set());
  const [metric, setMetric] = useState('loss');
  const [log, setLog] = useState(false);
  const [smoothing, setSmoothing] = useState(0);
  const columns = useColumns(store, drawn);
  const metrics = [...new Set([...columns.values()].flatMap((own) => Object.keys(own.columns)))].sort();
  const styles = seriesStyles(drawn.map(({ name }) => name));
  const curves = drawn.flatMap(({ id, name }, i): Curve[] => {
    const own = columns.get(id);
    const values = own?.columns[metric];
    if (off.has(id) || !own || !values) return [];
    const points = smooth(pointsOf(own.step, values), smoothing).filter(([, value]) => !log || value > 0);
    return [
      { name, style: styles[i] as SeriesStyle, points, last: values.findLast((value) => value !== null) ?? undefined },
    ];
  });
  if (drawn.length === 0) return <p class="faint">No run has a step yet.</p>;
  return (
    <div class="curves">
      <div class="filters">
        <Choice label="Metric" value={metric} onChoose={setMetric} options={metrics.map((own) => [own, own])} />
        <label class="check">
          <input type="checkbox" checked={log} onChange={(event) => setLog(event.currentTarget.checked)} /> logarithmic
        </label>
        <label class="choice">
          Smoothing: {smoothing === 0 ? 'none' : smoothing.toFixed(2)}
          <input
            type="range"
            min="0"
            max="0.98"
            step="0.02"
            value={smoothing}
            aria-valuetext={smoothing === 0 ? 'none' : `${smoothing} of the mean so far`}
            onInput={(event) => setSmoothing(Number(event.currentTarget.value))}
          />
        </label>
      </div>
      <Chart curves={curves} metric={metric} log={log} />
      <table class="grid">
        <caption>
          {metric} {unitOf(metric) && `(${unitOf(metric)})`}: the last step of each run, as measured
        </caption>
        <thead>
          <tr>
            <th scope="col">shown</th>
            <th scope="col">run</th>
            <th scope="col" class="number">
              steps
            </th>
            <th scope="col" class="number">
              last value
            </th>
          </tr>
        </thead>
        <tbody>
          {drawn.map(({ id, name, steps }, i) => (
            <tr key={id}>
              <td>
                <input
                  type="checkbox"
                  aria-label={`show ${name}`}
                  checked={!off.has(id)}
                  onChange={() => setOff(toggled(off, id))}
                />
              </td>
              <th scope="row">
                <svg class="key" viewBox="0 0 28 8" aria-hidden="true">
                  <line
                    x1="0"
                    x2="28"
                    y1="4"
                    y2="4"
                    stroke={styles[i]?.color}
                    stroke-width="2.5"
                    stroke-dasharray={dashArray(styles[i]?.dash ?? 'solid')}
                  />
                </svg>{' '}
                {name}
              </th>
              <td class="number">{steps}</td>
              <td class="number">{valueText(curves.find((own) => own.name === name)?.last)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const valueText = (value: number | undefined): string => (value === undefined ? '–' : compactNumber(value));

function toggled(set: ReadonlySet<number>, id: number): Set<number> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** The metrics of the runs, read again when they have more steps. */
function useColumns(store: Store, runs: readonly ViewedRun[]): ReadonlyMap<number, MetricColumns> {
  const [columns, setColumns] = useState<ReadonlyMap<number, MetricColumns>>(new Map());
  const state = runs.map(({ id, steps, generation }) => `${id}:${generation}:${steps}`).join();
  useEffect(() => {
    let wanted = true;
    const read = runs.map(
      async ({ id, steps, generation }) => [id, await store.metrics(id, `${generation}:${steps}`)] as const,
    );
    Promise.all(read).then(
      (found) => wanted && setColumns(new Map(found)),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [state, store]);
  return columns;
}

const pointsOf = (steps: readonly number[], values: readonly (number | null)[]): (readonly [number, number])[] =>
  values.flatMap((value, i) => (value === null ? [] : [[steps[i] ?? i + 1, value] as const]));

/** An exponential mean with its start corrected, so that it does not begin at zero. */
function smooth(
  points: readonly (readonly [number, number])[],
  weight: number,
): readonly (readonly [number, number])[] {
  if (weight === 0) return points;
  let [mean, total] = [0, 0];
  return points.map(([step, value]) => {
    mean = weight * mean + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return [step, mean / total] as const;
  });
}

const SIZE = { width: 960, height: 380, left: 70, right: 16, top: 30, bottom: 42 };

interface ChartProps {
  readonly curves: readonly Curve[];
  readonly metric: string;
  readonly log?: boolean;
  /** Default: that of the metric of this name. */
  readonly unit?: string;
}

/** The chart; the pointer or the arrow keys move a line over the steps, with the values there below it. */
export function Chart({ curves, metric, log = false, unit = unitOf(metric) }: ChartProps) {
  const [at, setAt] = useState<number>();
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) return <p class="faint">None of the chosen runs has {metric}.</p>;
  const [first, last] = extent(all.map(([step]) => step));
  const transform = log ? Math.log10 : (value: number) => value;
  const x = linearScale([first, last], [SIZE.left, SIZE.width - SIZE.right]);
  const y = linearScale(
    extent(
      all.map(([, value]) => transform(value)),
      0.05,
    ),
    [SIZE.height - SIZE.bottom, SIZE.top],
  );
  const move = (step: number): void => setAt(Math.max(first, Math.min(last, Math.round(step))));
  const keys: Readonly<Record<string, number>> = {
    ArrowRight: (at ?? first - 1) + 1,
    ArrowLeft: (at ?? last + 1) - 1,
    Home: first,
    End: last,
  };
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
        role="img"
        aria-label={`${metric} over steps, ${curves.length} runs; the arrow keys read the values at a step`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the line
        tabIndex={0}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const place = ((event.clientX - box.left) / box.width) * SIZE.width;
          move(first + ((place - SIZE.left) / (SIZE.width - SIZE.left - SIZE.right)) * (last - first));
        }}
        onPointerLeave={() => setAt(undefined)}
        onKeyDown={(event) => {
          const to = keys[event.key];
          if (to === undefined) return;
          event.preventDefault();
          move(to);
        }}
      >
        <Axes x={x} y={y} log={log} title={`${metric}${unit ? `, ${unit}` : ''}${log ? ', logarithmic' : ''}`} />
        {curves.map(({ name, style, points }) => (
          <path
            key={name}
            d={
              points
                .map(
                  ([step, value], i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(transform(value)).toFixed(1)}`,
                )
                .join('') + (points.length === 1 ? 'h0.1' : '')
            }
            fill="none"
            stroke={style.color}
            stroke-width="2"
            stroke-linecap="round"
            stroke-dasharray={dashArray(style.dash)}
          />
        ))}
        {at !== undefined && <line class="cursor" x1={x(at)} x2={x(at)} y1={SIZE.top} y2={SIZE.height - SIZE.bottom} />}
      </svg>
      <figcaption aria-live="polite">
        {at === undefined
          ? 'Point at the chart, or use the arrow keys, to read the values at a step.'
          : `Step ${at}: ${curves.map((own) => `${own.name} ${valueText(valueAt(own, at))}`).join('; ')} ${unit}`}
      </figcaption>
    </figure>
  );
}

/** The value at the last measured step up to `at`. */
const valueAt = ({ points }: Curve, at: number): number | undefined => points.findLast(([step]) => step <= at)?.[1];

function Axes({
  x,
  y,
  log,
  title,
}: {
  readonly x: Scale;
  readonly y: Scale;
  readonly log: boolean;
  readonly title: string;
}) {
  const base = SIZE.height - SIZE.bottom;
  return (
    <>
      <text x={SIZE.left} y={18} class="title">
        {title}
      </text>
      {niceTicks(y.domain, 6).map((value) => (
        <g key={value}>
          <line class="rule" x1={SIZE.left} x2={SIZE.width - SIZE.right} y1={y(value)} y2={y(value)} />
          <text x={SIZE.left - 8} y={y(value) + 4} text-anchor="end">
            {compactNumber(log ? 10 ** value : value)}
          </text>
        </g>
      ))}
      {niceTicks(x.domain, 9)
        .filter(Number.isInteger)
        .map((step) => (
          <text key={step} x={x(step)} y={base + 18} text-anchor="middle">
            {step}
          </text>
        ))}
      <text x={(SIZE.left + SIZE.width - SIZE.right) / 2} y={base + 36} text-anchor="middle">
        step
      </text>
    </>
  );
}
