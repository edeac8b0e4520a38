/**
 * `rcsd doctor`: does everything here work together? Machine, addon, notebook kernel, model; the two views of a question side by
 * side; one sequence scored twice. What cannot work is named with the reason.
 */
import { existsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { TrainConfig } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import { projectRoot } from '../../engine/files/models';
import { endOfTurn, requireTokenizer } from '../../engine/model/model';
import { countParameters } from '../../engine/model/shapes';
import { compile } from '../../engine/tensors/compile';
import { runtimeInfo, tf } from '../../engine/tensors/tensorflow';
import { thinkingMismatch } from '../../method/prompts/checks';
import { scoreCompletions } from '../../method/scoring/logprobs';
import { openSession, type Session } from '../session/session';
import { sourceWithoutWriter, studentView, teacherOf } from '../session/shown';
import { wavering } from './uplift';

/** One thing looked at. A warning does not stop anything; a failure does. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly detail: string;
}

/** What the doctor found; the views are those of the reasoning stage. */
export interface Diagnosis {
  readonly checks: readonly Check[];
  readonly views?: { readonly student: string; readonly teacher: string };
}

/** Examines the installation and, with it, the model and data of a configuration. */
export async function diagnose(config: TrainConfig): Promise<Diagnosis> {
  const checks = [machine(), engine(), kernel()];
  if (checks.some(({ state }) => state === 'failed')) return { checks };
  try {
    const session = await openSession(config);
    try {
      return await examineSession(session, config, checks);
    } finally {
      session.dispose();
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { checks: [...checks, { name: 'model and data', state: 'failed', detail: error.message }] };
  }
}

function machine(): Check {
  const memory = Math.round(totalmem() / 2 ** 30);
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  const detail = `Node ${process.versions.node}, ${cpu}, ${availableParallelism()} cores, ${memory} GiB`;
  return {
    name: 'machine',
    state: memory < 4 ? 'warning' : 'ok',
    detail: memory < 4 ? `${detail}: little memory` : detail,
  };
}

/** Computes 2 x 3 as a compiled graph, which needs TensorFlow, the addon and its graph functions. */
function engine(): Check {
  try {
    const { tensorflow, gpu } = runtimeInfo();
    const multiply = compile((a: ReturnType<typeof tf.scalar>, b: typeof a) => tf.mul(a, b), 'doctor');
    const product = tf.tidy(() => multiply(tf.scalar(2), tf.scalar(3)).dataSync()[0]);
    multiply.dispose();
    const state = product === 6 ? 'ok' : 'failed';
    return {
      name: 'engine',
      state,
      detail: `TensorFlow ${tensorflow} on ${gpu ? 'GPU' : 'CPU'}, graph functions, 2 x 3 = ${product}`,
    };
  } catch (error) {
    return { name: 'engine', state: 'failed', detail: (error as Error).message };
  }
}

function kernel(): Check {
  const needed = [
    'kernel-setup/share/jupyter/kernels/tslab/kernel.json',
    'kernel-setup/.venv/bin/jupyter',
    'node_modules/tslab',
  ];
  const missing = needed.filter((path) => !existsSync(join(projectRoot, path)));
  return missing.length === 0
    ? {
        name: 'notebooks',
        state: 'ok',
        detail: 'JupyterLab and the TypeScript kernel are in place; open them with: npx rcsd lab',
      }
    : {
        name: 'notebooks',
        state: 'warning',
        detail: `${missing.join(', ')} missing, so notebooks cannot run; run "npm start" to set them up`,
      };
}

async function examineSession(session: Session, config: TrainConfig, checks: readonly Check[]): Promise<Diagnosis> {
  const { model, task, train, test } = session;
  const parameters = (countParameters(model.config) / 1e6).toFixed(2);
  const found: Check[] = [
    { name: 'model', state: 'ok', detail: `${model.name}: ${model.config.architecture}, ${parameters} M parameters` },
    {
      name: 'data',
      state: 'ok',
      detail: `${task.name}: ${train.length} questions to train on, ${test.length} held out`,
    },
  ];
  const question = train[0] ?? test[0];
  if (!question) {
    return {
      checks: [...checks, ...found, { name: 'views', state: 'failed', detail: `${config.data} holds no question` }],
    };
  }
  const views = viewsOf(session, config, question);
  const mismatch = thinkingMismatch(views.student, views.teacher);
  found.push(
    mismatch
      ? { name: 'views', state: 'warning', detail: mismatch }
      : { name: 'views', state: 'ok', detail: 'student and teacher open their answers alike' },
    await repeatedScores(session, views.student),
  );
  return { checks: [...checks, ...found], views };
}

/** Both views of the reasoning stage, the teacher's with the rubric that it will see (of `generated`: the reference). */
function viewsOf(session: Session, config: TrainConfig, question: Question): { student: string; teacher: string } {
  const { views } = session;
  const { questions, view } = teacherOf(session, config, { questions: [question] });
  if (questions.length === 0)
    throw new InputError(
      `rubric_source=${sourceWithoutWriter(config)} has no rubric for question ${question.id}; add one to the file.`,
    );
  return { student: views.render(studentView(config, question)), teacher: views.render(view(question)) };
}

/** The same sequence scored twice must give the same numbers bit for bit: a teacher that wavers cannot teach. */
async function repeatedScores({ model }: Session, prompt: string): Promise<Check> {
  const { encode } = requireTokenizer(model);
  const promptTokens = encode(prompt);
  const completionTokens = [...promptTokens.slice(0, 8), endOfTurn(model)];
  const sequence = { promptTokens, completionTokens };
  const wavers = wavering(await scoreCompletions(model, [sequence]), await scoreCompletions(model, [sequence]));
  return wavers
    ? { name: 'scores', state: 'failed', detail: wavers }
    : { name: 'scores', state: 'ok', detail: 'one sequence scored twice gives the same numbers' };
}
