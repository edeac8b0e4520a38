/** An evaluation by log-likelihood from its settings: every choice of every question scored by a model here, a block at a time. */
import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { OperationOptions } from '../../base/records/events';
import type { Question } from '../../base/records/question';
import { type LanguageModel, requireTokenizer } from '../../engine/model/model';
import { likelihoodPrompt } from '../../questions/grading/modes/likelihood';
import { lmEvalStrict } from '../../questions/grading/modes/lmEval';
import type { LoadedTask } from '../../questions/load';
import type { Task } from '../../questions/tasks/task';
import {
  type ChoiceScores,
  LIKELIHOOD_MODE,
  type LikelihoodEvaluation,
  likelihoodEvaluation,
  scoreQuestions,
} from '../../results/evaluation/loglikelihood';
import { type KeptRow, openRows } from '../../results/evaluation/record';
import { estimateSeconds } from '../session/estimate';
import { requireQuestions, type Subject } from './evaluation';

/** One data set ready to be scored. */
export interface PreparedLikelihood {
  readonly task: Task;
  readonly mode: typeof LIKELIHOOD_MODE;
  /** As they are shown: choices in lm-eval's order. */
  readonly questions: readonly Question[];
  readonly model: LanguageModel;
  /** Seconds that it takes, roughly. */
  readonly seconds: number;
}

/** Questions between two savings; blocks are cut in the same places whatever is there, so that going on changes no number. */
const BLOCK = 16;

/** About so many characters are a token. */
const CHARACTERS = 4;

/** Puts a data set and a model together. Throws InputError where the model is behind a server, or a question has no choices. */
export function prepareLikelihood(
  subject: Subject,
  loaded: LoadedTask,
  { evaluation }: Pick<TrainConfig, 'evaluation'>,
): PreparedLikelihood {
  const { task } = loaded;
  if (!('model' in subject))
    throw new InputError(
      `mode=${LIKELIHOOD_MODE} needs the probability of every token, which a server does not give; name a model that opens here (rcsd models list, a folder or a .gguf file).`,
    );
  if (task.views)
    throw new InputError(`mode=${LIKELIHOOD_MODE}: the task ${task.name} has views of its own; use mode=task.`);
  const given = requireQuestions(loaded, evaluation);
  const open = given.filter(({ choices = [] }) => choices.length === 0);
  if (open.length > 0)
    throw new InputError(
      `mode=${LIKELIHOOD_MODE} compares choices, and ${open.length} of the ${given.length} questions of ${task.name} have none (the first is "${open[0]?.id}"); use mode=corrected, or data whose questions all have choices.`,
    );
  const { model } = subject;
  requireTokenizer(model);
  const questions = given.map(lmEvalStrict.arrange);
  const read = questions.map(likelihoodPrompt).reduce((sum, { context, continuations }) => {
    return sum + continuations.reduce((all, text) => all + text.length, context.length) / CHARACTERS;
  }, 0);
  return { task, mode: LIKELIHOOD_MODE, questions, model, seconds: estimateSeconds(model.config, { drawn: 0, read }) };
}

/** Scores what is not scored yet; scores are kept in the folder as they come, where there is one. */
export async function evaluateLikelihood(
  { task, questions, model }: PreparedLikelihood,
  { folder, signal, onProgress }: OperationOptions & { readonly folder?: string },
): Promise<LikelihoodEvaluation> {
  const log = openRows<KeptRow & ChoiceScores>(folder, { task: task.name, kept: 'loglikelihoods' });
  const choices = (some: readonly Question[]) => some.reduce((sum, own) => sum + (own.choices?.length ?? 0), 0);
  const total = choices(questions);
  const tell = (done: number) => onProgress?.({ stage: 'score choices', done, total });
  try {
    tell(choices(questions.filter(({ id }) => log.has(id))));
    for (let start = 0; start < questions.length; start += BLOCK) {
      const block = questions.slice(start, start + BLOCK);
      if (block.every(({ id }) => log.has(id))) continue;
      const before = choices(questions.slice(0, start));
      const scores = await scoreQuestions(
        { model, questions: block },
        { signal, onProgress: ({ done }) => tell(before + done) },
      );
      const rows = scores.map((own, i) => ({ id: (block[i] as Question).id, ...own }));
      log.add(rows.filter(({ id }) => !log.has(id)));
    }
    return likelihoodEvaluation(
      { questions },
      questions.map(({ id }) => log.row(id)),
    );
  } finally {
    log.close();
  }
}
