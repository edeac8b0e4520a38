/** The viewer's page: four views of the same runs. */
import { render } from 'preact';
import { useEffect, useReducer, useState } from 'preact/hooks';
import { AnswersPage } from './answers';
import { CurvesPage } from './curves';
import { ScoresPage } from './scores';
import { SettingsPage } from './settings';
import { openSource } from './source';
import { openStore, type Store } from './store';

const VIEWS = ['answers', 'curves', 'scores', 'settings'] as const;
type View = (typeof VIEWS)[number];

const viewInAddress = (): View => VIEWS.find((view) => location.hash === `#${view}`) ?? 'answers';

function App({ store }: { readonly store: Store }) {
  const [view, setView] = useState<View>(viewInAddress);
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  useEffect(() => {
    // Pieces that arrive within one frame are drawn together.
    let asked = false;
    return store.subscribe(() => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        redraw(undefined);
      });
    });
  }, [store]);
  useEffect(() => {
    const follow = (): void => setView(viewInAddress());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const { overview, problem } = store;
  return (
    <>
      <header class="top">
        <h1>
          rcsd <span>view</span>
        </h1>
        <nav aria-label="Views">
          {VIEWS.map((own) => (
            <a key={own} href={`#${own}`} aria-current={own === view ? 'page' : undefined}>
              {own[0]?.toUpperCase()}
              {own.slice(1)}
            </a>
          ))}
        </nav>
        {overview && (
          <span class="faint">
            {overview.runs.length} {overview.runs.length === 1 ? 'run' : 'runs'}
            {overview.live ? ', live' : ''}
          </span>
        )}
      </header>
      {problem !== undefined && (
        <p class="problem" role="alert">
          The runs cannot be read: {problem}. If the viewer was stopped, start it again and open the address that it
          prints.
        </p>
      )}
      <main>
        {!overview && problem === undefined && <p class="faint">Reading the runs …</p>}
        {overview && view === 'answers' && <AnswersPage store={store} runs={overview.runs} />}
        {overview && view === 'curves' && <CurvesPage store={store} runs={overview.runs} />}
        {overview && view === 'scores' && <ScoresPage runs={overview.runs} />}
        {overview && view === 'settings' && <SettingsPage runs={overview.runs} />}
      </main>
    </>
  );
}

const place = document.getElementById('view');
if (place) {
  place.textContent = '';
  render(<App store={openStore(openSource())} />, place);
}
