/** What a worker of the page can do: answer, score and train with the embedded model, by the library's own functions. */
import type { TrainConfig } from '../../../base/config/configs';
import { InterruptedError } from '../../../base/records/errors';
import type { Question } from '../../../base/records/question';
import { openModel } from '../../../engine/model/load';
import { type LanguageModel, requireTokenizer } from '../../../engine/model/model';
import { trainConfig } from '../../../method/algorithms/settings';
import { divergenceOf } from '../../../method/losses/plain';
import { generate } from '../../../method/rollout/generate';
import { scoreGuidance } from '../../../method/scoring/guidance';
import { latestCheckpoint } from '../../../method/train/checkpoint';
import { pretty } from '../../../questions/tasks/microscience';
import { spell } from '../../../questions/tasks/microscience/families/problem';
import { evaluate } from '../../../results/evaluation/evaluate';
import { byStratum, greedy } from '../../../results/evaluation/ladder';
import { train } from '../../../run/experiments/train';
import { openSession, type Session } from '../../../run/session/session';
import { studentView, takeRubrics, teacherView } from '../../../run/session/shown';
import { evaluationRequest } from '../../../run/session/validation';
import {
  type Asked,
  DECODINGS,
  type Lab,
  type SidesAnswer,
  type StratumScore,
  type Told,
  type Training,
} from '../protocol';
import { archive } from './archive';
import { filesIn, rmSync } from './platform/fs';

/** The settings of a training in the page; those that are not named are the profile's, as in `rcsd train`. */
const settingsOf = ({ arm, steps, questions }: Training): TrainConfig =>
  trainConfig({
    algorithm: 'rcsd',
    stages: 'reasoner',
    rubric_source: arm === 'rcsd' ? 'reference' : 'placebo',
    steps,
    batch_size: 8,
    checkpoint_every: Math.max(1, steps),
    evaluation: { questions, samples: 1 },
    runs: '/runs',
    name: arm,
  });

/** Opens the embedded model and its questions. `tell` hears of a training. */
export async function openLab(tell: (told: Told) => void): Promise<Lab> {
  const config = settingsOf({ arm: 'rcsd', steps: 1, every: 1, questions: 1 });
  const session = await openSession(config);
  const { task, views, model, test } = session;
  const { encode } = requireTokenizer(model);
  let student: LanguageModel = model;
  let stop = new AbortController();

  const questionOf = ({ id, text }: Pick<Asked, 'id' | 'text'>): { question: Question; changed: boolean } => {
    const known = test.find((own) => own.id === id);
    if (!known) throw new Error(`there is no question ${id}`);
    const question = { ...known, question: asTokens(text) };
    return { question, changed: question.question !== known.question };
  };
  const prompts = (asked: Asked) => {
    const { question } = questionOf(asked);
    const criteria = asked.criteria.map((own) => ({ ...own, description: asTokens(own.description) }));
    const rubric = { questionId: question.id, source: 'page', criteria };
    const context = criteria.length > 0 ? 'rubric' : 'none';
    return {
      student: encode(views.render(studentView(config, question))),
      teacher: encode(views.render(teacherView(config, question, { context, rubric }))),
    };
  };

  return {
    questions: () =>
      test.map(({ id, question, metadata }) => ({ id, text: pretty(question), stratum: String(metadata?.stratum) })),
    rubric: (id, source) => {
      const questions = test.filter((own) => own.id === id);
      const criteria = takeRubrics(session, config, { questions, source }).rubrics[0]?.criteria ?? [];
      return criteria.map((own) => ({ ...own, description: pretty(own.description) }));
    },
    answer: async (asked, { temperature, sample }) => {
      const { question, changed } = questionOf(asked);
      const seen = prompts(asked);
      const { top_k: topK, max_tokens: maxTokens } = config.evaluation;
      const draw = async (by: LanguageModel, promptTokens: readonly number[]): Promise<SidesAnswer> => {
        const request = { questionId: asked.id, sample, promptTokens };
        const how = { temperature, topP: 1, topK, maxTokens, seed: config.seed.sampling };
        const [drawn] = await generate(by, [request], how);
        const { text = '', completionTokens: tokens = [] } = drawn ?? {};
        return { text: pretty(text), tokens, right: changed ? null : task.grade(question, text).correct };
      };
      return {
        reference: changed ? null : question.answer,
        student: await draw(student, seen.student),
        teacher: await draw(model, seen.teacher),
      };
    },
    guidance: (asked, completionTokens, loss) => {
      const { student: studentPrompt, teacher: teacherPrompt } = prompts(asked);
      return scoreGuidance({ student, teacher: model }, { studentPrompt, teacherPrompt, completionTokens }, loss);
    },
    divergence: divergenceOf,
    train: async (training) => {
      rmSync('/runs', { force: true });
      stop = new AbortController();
      const settings = settingsOf(training);
      const started = performance.now();
      const observer = {
        every: training.every,
        look: async (own: LanguageModel, step: number) =>
          tell({
            kind: 'scores',
            step,
            scores: await scoresOf(session, settings, { model: own, signal: stop.signal }),
          }),
      };
      try {
        const { model: trained } = await train(settings, {
          ...{ signal: stop.signal, observer, evaluateBefore: false },
          onProgress: (event) => tell({ kind: 'progress', event, seconds: (performance.now() - started) / 1000 }),
        });
        student = trained;
        return { steps: training.steps, stopped: false };
      } catch (error) {
        if (!(error instanceof InterruptedError)) throw error;
        // It was saved before it stopped.
        const saved = latestCheckpoint(`/runs/${training.arm}/stage-2`);
        if (saved) student = await openModel(saved.path);
        return { steps: saved?.step ?? 0, stopped: true };
      }
    },
    stop: () => stop.abort(),
    download: (what) => archive(filesIn('/runs'), what),
  };
}

/** Text as a person types it, as the tokens of microscience: digits and marks stand alone, a colon where it stood. */
const asTokens = (text: string): string =>
  spell(
    text
      .replace(/([.,?])(?=\s|$)/g, ' $1')
      .replace(/\s+/g, ' ')
      .trim(),
  );

/** Right answers by stratum and over all questions, greedily and sampled. */
async function scoresOf(
  session: Session,
  config: TrainConfig,
  { model, signal }: { readonly model: LanguageModel; readonly signal: AbortSignal },
): Promise<StratumScore[]> {
  const request = evaluationRequest(session, config, model);
  const scores: StratumScore[] = [];
  for (const decoding of DECODINGS) {
    const settings = decoding === 'greedy' ? greedy(config.evaluation) : config.evaluation;
    const whole = await evaluate({ ...request, settings }, { signal });
    for (const [stratum, { summary }] of [['all', whole] as const, ...byStratum(whole)]) {
      const { value, low, high, n } = summary.accuracy;
      scores.push({ stratum, decoding, value, low, high, n });
    }
  }
  return scores;
}
