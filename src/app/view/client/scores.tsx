/** The scores of the runs' evaluations: every number with its interval, number of questions and decoding. */
import { useState } from 'preact/hooks';
import { percentInterval } from '../../../results/figures/text';
import type { ScoreRow, ViewedRun } from '../shapes';
import { Choice } from './choice';

const WIDTH = 150;

/** Whether lengths and the like are left out: only shares have a bar from 0 to 100 %. */
const isShare = ({ score }: ScoreRow): boolean => /^(avg|pass|maj)@|^process|^rule|^acc/.test(score);

/** The page of scores. */
export function ScoresPage({ runs }: { readonly runs: readonly ViewedRun[] }) {
  const rows = runs.flatMap((run) => run.scores.filter(isShare).map((own) => ({ ...own, run: run.name })));
  const [by, setBy] = useState<ScoreRow['by']>('all');
  const names = [...new Set(rows.map(({ score }) => score))];
  const [wanted, setWanted] = useState('');
  const score = names.includes(wanted) ? wanted : (names[0] ?? '');
  const shown = rows.filter((own) => own.by === by && own.score === score);
  if (rows.length === 0) return <p class="faint">None of these runs has been evaluated yet.</p>;
  const ways = (['all', 'stratum', 'subject'] as const).filter((way) => rows.some((own) => own.by === way));
  return (
    <div class="scores">
      <div class="filters">
        <Choice label="Score" value={score} onChoose={setWanted} options={names.map((own) => [own, own])} />
        <Choice
          label="By"
          value={by}
          onChoose={(own) => setBy(own as ScoreRow['by'])}
          options={ways.map((own) => [own, own === 'all' ? 'all questions' : own])}
        />
      </div>
      <div class="scroll">
        <table class="grid">
          <caption>{score}, with 95 % intervals over questions; unparsed answers count as wrong</caption>
          <thead>
            <tr>
              <th scope="col">run</th>
              <th scope="col">when</th>
              <th scope="col">benchmark</th>
              <th scope="col">decoding</th>
              {by !== 'all' && <th scope="col">{by}</th>}
              <th scope="col" class="number">
                {score}
              </th>
              <th scope="col">
                <span class="axis" style={{ width: `${WIDTH}px` }}>
                  <span>0</span>
                  <span>100 %</span>
                </span>
              </th>
              {['questions', 'unparsed', 'truncated'].map((name) => (
                <th scope="col" class="number" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((own, i) => (
              <tr key={String(i)}>
                <th scope="row">{own.run}</th>
                <td>{own.moment}</td>
                <td>{own.task}</td>
                <td>{own.decoding}</td>
                {by !== 'all' && <td>{own.group}</td>}
                <td class="number">{percentInterval(own)}</td>
                <td>
                  <Interval own={own} />
                </td>
                <td class="number">{own.n}</td>
                <td class="number">{own.unparsed ?? '–'}</td>
                <td class="number">{own.truncated ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && <p class="faint">No run has this score by {by}.</p>}
    </div>
  );
}

/** The interval on a line from 0 to 100 %. */
function Interval({ own }: { readonly own: ScoreRow }) {
  const x = (share: number): number => 4 + Math.max(0, Math.min(1, share)) * (WIDTH - 8);
  return (
    <svg class="interval" width={WIDTH} height="14" aria-hidden="true">
      <line class="rule" x1={x(0)} x2={x(1)} y1="7" y2="7" />
      {Number.isFinite(own.low) && <line class="whisker" x1={x(own.low)} x2={x(own.high)} y1="7" y2="7" />}
      <circle class="point" cx={x(own.value)} cy="7" r="3.5" />
    </svg>
  );
}
