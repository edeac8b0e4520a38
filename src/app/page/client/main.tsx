/** The page: loads the model once, then asks, looks and trains without another request. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Head, useView } from '../../view/client/frame';
import { ARMS, type Arm, type Files, type ListedQuestion } from '../protocol';
import { AskPage } from './ask';
import { LossPage } from './loss';
import { FIRST_LOSS } from './settings';
import { TrainPage } from './train';
import { type ArmState, afterTold, IDLE, NAMES, trainingWorkers } from './training';
import { loadFiles, startWorker } from './worker';

const VIEWS = ['ask', 'loss', 'train'] as const;

type States = Readonly<Record<Arm, ArmState>>;

function App({ files }: { readonly files: Files }) {
  const view = useView(VIEWS);
  const [loss, setLoss] = useState(FIRST_LOSS);
  const [questions, setQuestions] = useState<readonly ListedQuestion[]>();
  const [problem, setProblem] = useState<string>();
  const [states, setStates] = useState<States>({ rcsd: IDLE, placebo: IDLE });
  const change = (arm: Arm, next: (state: ArmState) => ArmState): void =>
    setStates((all) => ({ ...all, [arm]: next(all[arm]) }));
  const [base] = useState(() => startWorker(files));
  const [workers] = useState(() =>
    trainingWorkers(files, (arm, told) => change(arm, (state) => afterTold(state, told))),
  );
  useEffect(() => {
    base.call.questions().then(setQuestions, (error: Error) => setProblem(error.message));
  }, []);
  const trained = ARMS.filter((arm) => (states[arm].ended?.steps ?? 0) > 0);
  const students = [
    ['the base', base.call] as const,
    ...trained.map((arm) => [`${NAMES[arm]} after ${states[arm].step} steps`, workers[arm].call] as const),
  ];
  return (
    <>
      <Head name="page" views={VIEWS} view={view}>
        <span class="faint">a model of 0.7 million parameters, in this tab</span>
      </Head>
      <main>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {!questions && problem === undefined && <p class="faint">Opening the model …</p>}
        {questions && view === 'ask' && <AskPage {...{ questions, students, loss }} onLoss={setLoss} />}
        {questions && view === 'loss' && <LossPage lab={base.call} loss={loss} onLoss={setLoss} />}
        {questions && view === 'train' && <TrainPage {...{ states, workers }} onState={change} />}
      </main>
    </>
  );
}

const place = document.getElementById('view') as HTMLElement;
loadFiles().then(
  (files) => {
    place.textContent = '';
    render(<App files={files} />, place);
  },
  (error: Error) => {
    place.textContent = `The page cannot be loaded: ${error.message}`;
  },
);
