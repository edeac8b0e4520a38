/** The viewer's page: four views of the same runs. */
import { render } from 'preact';
import { useEffect, useReducer } from 'preact/hooks';
import { AnswersPage } from './answers';
import { CurvesPage } from './curves';
import { Head, useView } from './frame';
import { ScoresPage } from './scores';
import { SettingsPage } from './settings';
import { openSource } from './source';
import { openStore, type Store } from './store';

const VIEWS = ['answers', 'curves', 'scores', 'settings'] as const;

function App({ store }: { readonly store: Store }) {
  const view = useView(VIEWS);
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
  const { overview, problem } = store;
  return (
    <>
      <Head name="view" views={VIEWS} view={view}>
        {overview && (
          <span class="faint">
            {overview.runs.length} {overview.runs.length === 1 ? 'run' : 'runs'}
            {overview.live ? ', live' : ''}
          </span>
        )}
      </Head>
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
