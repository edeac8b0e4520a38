/** What a run or an evaluation is made from, known by content, and what of the machine decides its last digits. */
import type { TrainConfig } from '../../base/config/configs';
import type { OperationOptions } from '../../base/records/events';
import type { Machine } from '../../base/records/inputs';
import type { Inputs } from '../../base/records/rows';
import { type RuntimeFacts, runConfig } from '../../base/records/runWriter';
import { adapterContent, modelContents } from '../../engine/files/contents';
import { sha256Of, sha256OfFile } from '../../engine/files/digest';
import { resolveAdapterPath, resolveModelPath } from '../../engine/files/models';
import { paramsDigest } from '../../engine/model/content';
import type { LanguageModel } from '../../engine/model/model';
import { kernelsInUse } from '../../engine/tensors/hardware';
import { runtimeInfo } from '../../engine/tensors/tensorflow';
import { isAddress } from '../../method/rollout/remote/address';
import type { LoadedTask } from '../../questions/load';
import type { Session } from './session';

/** Digests of a local model; a server's weights are not known here. */
export async function modelInputs(
  { model, adapter }: Pick<TrainConfig, 'model' | 'adapter'>,
  options: OperationOptions,
): Promise<Inputs> {
  if (isAddress(model)) return {};
  return {
    ...(await modelContents(resolveModelPath(model), options)),
    ...(adapter !== undefined && { adapter: await adapterContent(resolveAdapterPath(adapter), options) }),
  };
}

/** The weights of a judge that the settings name; none behind a server, and none where no judge is asked. */
export async function judgeInputs(model: string | undefined, options: OperationOptions): Promise<Inputs> {
  if (model === undefined || isAddress(model)) return {};
  const { weights } = await modelContents(resolveModelPath(model), options);
  return { judge_weights: weights as string };
}

const fileOf = (source: string): string | undefined => /^file:(.*)$/s.exec(source)?.[1];

async function fileInputs(
  files: Readonly<Record<string, string | undefined>>,
  options: OperationOptions,
): Promise<Inputs> {
  const found: Record<string, string> = {};
  for (const [name, file] of Object.entries(files))
    if (file !== undefined) found[name] = await sha256OfFile(file, options);
  return found;
}

function questionInputs({ train, test }: Pick<Session, 'train' | 'test'>, of = ''): Inputs {
  const digest = (rows: readonly object[]): string => sha256Of(rows.map((row) => JSON.stringify(row)).join('\n'));
  return {
    ...(train.length > 0 && { [`train_questions${of}`]: digest(train) }),
    ...(test.length > 0 && { [`test_questions${of}`]: digest(test) }),
  };
}

/** The questions of stages with data of their own. */
function stageInputs({ own }: Pick<Session, 'own'>, config: TrainConfig): Inputs {
  const stages = (['stage1', 'stage2'] as const).map((stage) => {
    const found = own?.get(config[stage].data ?? '');
    return found ? questionInputs({ train: found.train, test: [] }, `_of_${stage}`) : {};
  });
  return Object.assign({}, ...stages) as Inputs;
}

/** Everything that a run takes from model, data and files. Files above 1 GB report their progress. */
export async function inputsOf(
  config: TrainConfig,
  questions: Pick<Session, 'train' | 'test' | 'own'>,
  options: OperationOptions = {},
): Promise<Inputs> {
  const { rewards, judge_model } = config.stage2.grpo;
  const files = {
    ...{ rubrics: fileOf(config.rubric_source), prompts: config.prompts },
    ...Object.fromEntries(rewards.map((reward, i) => [`reward_${i + 1}`, fileOf(reward)])),
  };
  return {
    ...(await modelInputs(config, options)),
    ...questionInputs(questions),
    ...stageInputs(questions, config),
    ...(await fileInputs(files, options)),
    ...(await judgeInputs(rewards.includes('judge') ? judge_model : undefined, options)),
  };
}

/** Everything that an evaluation of some data sets takes from model, data and files; rubrics only where it shows any. */
export async function evaluationInputs(
  config: TrainConfig,
  loaded: readonly LoadedTask[],
  { files, ...options }: OperationOptions & { readonly files: { readonly rubrics: boolean; readonly judge?: string } },
): Promise<Inputs> {
  const rubrics = files.rubrics ? fileOf(config.rubric_source) : undefined;
  const questions = loaded.map((own) => questionInputs(own, loaded.length > 1 ? `_of_${own.task.name}` : ''));
  return {
    ...(await modelInputs(config, options)),
    ...(Object.assign({}, ...questions) as Inputs),
    ...(await fileInputs({ rubrics, prompts: config.prompts }, options)),
    ...(await judgeInputs(files.judge, options)),
  };
}

/** Names the weights that write, as a cache needs it: the files of the session's model, or what training made of them. */
export function writerContent(writer: LanguageModel, base: LanguageModel, inputs: Inputs): string {
  const { params, adapter } = writer.weights;
  const { weights, model_config, tokenizer } = inputs;
  const own = params === base.weights.params ? weights : paramsDigest(params);
  return sha256Of(
    JSON.stringify([own, adapter ? [paramsDigest(adapter.params), adapter.scale] : null, model_config, tokenizer]),
  );
}

/** What a run records of machine and inputs. */
export function runtimeFacts(model?: Pick<LanguageModel, 'name'>, inputs?: Inputs): RuntimeFacts {
  return {
    versions: { tensorflow: runtimeInfo().tensorflow, ...(model && { model: model.name }) },
    kernels: kernelsInUse(),
    ...(inputs && { inputs }),
  };
}

/** What of the machine decides the last digits of what is computed now. */
export function machineNow(): Machine {
  const { threads, cpu, platform, versions, kernels } = runConfig({}, runtimeFacts());
  return { threads, cpu, platform, versions, ...(kernels !== undefined && { kernels }) };
}
