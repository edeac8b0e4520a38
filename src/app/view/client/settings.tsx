/** The settings of the runs side by side, those that differ first; where each run comes from, and what it warned of. */
import { useState } from 'preact/hooks';
import type { ViewedRun } from '../shapes';

/** The page of settings. */
export function SettingsPage({ runs: parts }: { readonly runs: readonly ViewedRun[] }) {
  const runs = parts.filter(({ stage }) => !stage);
  const [all, setAll] = useState(runs.length < 2);
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  const differs = (name: string): boolean => new Set(runs.map(({ settings }) => settings[name])).size > 1;
  const shown = all ? names : names.filter(differs);
  const facts = [...new Set(runs.flatMap((run) => run.facts.map(([name]) => name)))];
  return (
    <div class="settings">
      <div class="filters">
        <label class="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> all{' '}
          {names.length} settings, not only the {names.filter(differs).length} that differ
        </label>
      </div>
      <Table
        caption="Where they come from"
        names={facts}
        runs={runs}
        of={(run, name) => run.facts.find(([own]) => own === name)?.[1]}
      />
      <Table
        caption={all ? 'All settings' : 'Settings that differ'}
        names={shown}
        runs={runs}
        of={(run, name) => run.settings[name]}
      />
      {parts.some(({ warnings }) => warnings.length > 0) && <h2>Warnings</h2>}
      {parts.flatMap(({ name, warnings }) =>
        warnings.map((text, i) => (
          <p class="warning" key={name + String(i)}>
            <strong>{name}</strong> {text}
          </p>
        )),
      )}
    </div>
  );
}

interface TableProps {
  readonly caption: string;
  readonly names: readonly string[];
  readonly runs: readonly ViewedRun[];
  readonly of: (run: ViewedRun, name: string) => string | undefined;
}

function Table({ caption, names, runs, of }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" aria-label={caption} tabIndex={0}>
      <table class="grid wide">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">name</th>
            {runs.map(({ id, name }) => (
              <th scope="col" key={id}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {runs.map((run) => (
                <td key={run.id}>{of(run, name) ?? '–'}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
