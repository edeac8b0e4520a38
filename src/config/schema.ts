/**
 * Every setting of a training run, once: its type, its range, what it means. The check of a value, the command's help and
 * the suggestions for a mistyped name all come from here. zod stays inside this file; the plain types are in train.ts.
 */
import { z } from 'zod';
import { InputError } from '../records/errors';
import type { TrainConfig } from './train';

/** The seven projections of a decoder layer that an adapter can sit on. */
export const LORA_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

const about = (allowed: string, help: string) => ({ allowed, help });
const whole = (min: number, help: string) =>
  z
    .number()
    .int()
    .min(min)
    .meta(about(`a whole number, ${min} or more`, help));
const positive = (help: string) => z.number().positive().finite().meta(about('a number greater than 0', help));
const atLeastZero = (help: string) => z.number().min(0).finite().meta(about('a number, 0 or more', help));
const share = (help: string) => z.number().min(0).max(1).meta(about('a number between 0 and 1', help));
const belowOne = (help: string) =>
  z.number().min(0).lt(1).meta(about('a number from 0 up to but not including 1', help));
const aboveZero = (help: string) => z.number().gt(0).max(1).meta(about('a number above 0 and at most 1', help));
const flag = (help: string) => z.boolean().meta(about('true or false', help));
const text = (help: string) => z.string().min(1).meta(about('text that is not empty', help));
const choice = <const T extends readonly string[]>(values: T, help: string) =>
  z.enum(values).meta(about(values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`, help));
const seed = (help: string) =>
  z.number().int().min(0).max(0xffffffff).meta(about('a whole number from 0 to 4294967295', help));

const sampling = {
  temperature: atLeastZero('sampling temperature; 0 takes the most likely token'),
  top_p: aboveZero('sample from the smallest set of tokens with this much probability'),
  top_k: whole(0, 'sample from the k most likely tokens; 0 for all'),
  max_tokens: whole(1, 'longest completion in tokens'),
};

const optimizer = z.object({
  learning_rate: positive('peak learning rate of AdamW'),
  warmup_steps: whole(0, 'updates over which the learning rate rises'),
  schedule: choice(['linear', 'cosine', 'constant'], 'how the learning rate goes on after the warm-up'),
  weight_decay: atLeastZero('decoupled weight decay'),
  adam_beta1: belowOne('decay of the mean gradient'),
  adam_beta2: belowOne('decay of the mean squared gradient'),
  adam_epsilon: positive("AdamW's epsilon"),
  max_grad_norm: atLeastZero('clip of the global gradient norm; 0 for none'),
});

const contexts = ['none', 'answer', 'rubric', 'answer+rubric'] as const;

const stage = z.object({
  steps: whole(1, 'updates'),
  batch_size: whole(1, 'completions in one update'),
  microbatch_size: whole(1, 'completions in one forward and backward pass; divides batch_size'),
  loss_aggregation: choice(
    ['batch-token', 'sequence', 'microbatch-token', 'sum'],
    'mean over the tokens of the batch, over sequences, over the tokens of each microbatch (as released), or sum',
  ),
  teacher: choice(
    ['fixed', 'live', 'ema', 'snapshot'],
    "whose weights the teacher has: the initial ones, the student's, an average, a copy",
  ),
  ema_decay: belowOne('decay of the averaged teacher (teacher=ema)'),
  snapshot_every: whole(1, "updates between copies of the student's weights (teacher=snapshot)"),
  teacher_context: choice(contexts, 'what the teacher sees beside the question'),
  divergence: choice(['forward_kl', 'reverse_kl', 'jsd'], 'divergence between teacher and student, token by token'),
  beta: share('interpolation of divergence=jsd'),
  loss_temperature: positive('temperature of both distributions in the loss'),
  top_k: whole(0, "keep the teacher's k largest logits in the loss; 0 for the whole vocabulary"),
  tail: flag('with top_k: gather the rest of the mass in one more entry instead of renormalising'),
  clip: atLeastZero('upper limit of the divergence; 0 for none'),
  clip_mode: choice(
    ['entry', 'position', 'mask', 'none'],
    'what the clip acts on: vocabulary entry, position, or dropping the position',
  ),
  sampling: z.object(sampling),
  optimizer,
  reason_first: flag('the teacher writes an analysis of the privileged text and scores behind it'),
  reason_by: choice(['teacher', 'student'], 'who writes that analysis'),
  anti_mention: flag("close the teacher's context with the request not to mention the privileged text"),
  mask_thinking: flag('leave out the loss up to the first </think>'),
  thinking: z.object({
    student: flag("thinking mode of the chat template in the student's view"),
    teacher: flag("thinking mode of the chat template in the teacher's view"),
  }),
});

const rubricSource = z
  .union([
    z.enum(['generated', 'reference', 'generic', 'random', 'noisy', 'reduced', 'wrong', 'placebo']),
    z.custom<`file:${string}`>((value) => typeof value === 'string' && /^file:./.test(value)),
  ])
  .meta(
    about(
      'one of generated, reference, generic, random, noisy, reduced, wrong, placebo, or file:PATH',
      "where stage II's rubrics come from",
    ),
  );

const trainSchema = z.strictObject({
  profile: choice(['paper', 'released', 'microscience'], 'table of defaults'),
  algorithm: choice(['rcsd', 'opsd', 'sft'], 'what to train with'),
  model: text('a model name (see `rcsd models list`), a model folder or a .gguf file'),
  adapter: z.string().min(1).optional().meta(about('a folder', 'PEFT adapter to start from')),
  data: text('a folder with train.jsonl and test.jsonl, a JSONL file, or microscience'),
  name: text('name of the run folder; default: algorithm and model'),
  runs: text('folder that holds the run folders'),
  stages: choice(['both', 'rubric', 'reasoner'], 'rcsd: run both stages, the rubric generator, or the reasoner alone'),
  rubric_source: rubricSource,
  rubric_student_sees_answer: flag('stage I: the student sees the reference answer too'),
  rubric_teacher_sees: choice(['answer', 'rubric', 'answer+rubric'], 'stage I: what the teacher sees'),
  rubric_sampling: z.object(sampling),
  rubric_min_valid: share('least share of questions that must keep a valid rubric'),
  stage1: stage,
  stage2: stage,
  lora: z.object({
    rank: whole(0, 'rank of the adapters; 0 trains all weights'),
    alpha: positive('adapters are scaled by alpha / rank'),
    targets: z
      .array(z.enum(LORA_TARGETS))
      .min(1)
      .meta(about(`a comma-separated list out of ${LORA_TARGETS.join(', ')}`, 'projections with an adapter')),
  }),
  evaluation: z.object({
    ...sampling,
    samples: whole(1, 'samples a question'),
    questions: whole(0, 'at most this many questions; 0 for all'),
  }),
  seed: z.object({
    init: seed('seed of the initial adapter weights'),
    data: seed('seed of the order of the questions'),
    sampling: seed('seed of the sampling noise'),
  }),
  checkpoint_every: whole(1, 'updates between checkpoints'),
  keep_checkpoints: whole(1, 'newest checkpoints to keep'),
  precision: choice(['fp32'], 'number format of weights and arithmetic'),
});

/** One setting: its full dotted name, what it takes and what it means. */
export interface Setting {
  readonly name: string;
  readonly kind: 'number' | 'boolean' | 'text' | 'list';
  readonly allowed: string;
  readonly help: string;
}

interface Leaf extends Setting {
  readonly schema: z.ZodType;
}

function kindOf(schema: z.ZodType): Setting['kind'] {
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  return schema instanceof z.ZodArray ? 'list' : 'text';
}

function leavesOf(shape: object, prefix = ''): Leaf[] {
  return Object.entries(shape as Record<string, z.ZodType>).flatMap(([key, schema]) => {
    const name = prefix + key;
    if (schema instanceof z.ZodObject) return leavesOf(schema.shape, `${name}.`);
    const { allowed, help } = schema.meta() as { allowed: string; help: string };
    return [{ name, kind: kindOf(schema), allowed, help, schema }];
  });
}

const LEAVES: ReadonlyMap<string, Leaf> = new Map(leavesOf(trainSchema.shape).map((leaf) => [leaf.name, leaf]));

/** Every setting under its full name, in the order of the schema. */
export const SETTINGS: readonly Setting[] = [...LEAVES.values()];

/** The words of a command line as values of the setting's kind; what does not fit stays text and fails the check. */
function fromText(kind: Setting['kind'], value: string): unknown {
  if (kind === 'number') return value.trim() === '' ? value : Number(value);
  if (kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return kind === 'list' ? value.split(',').map((part) => part.trim()) : value;
}

/**
 * The value of one setting, converted from text where needed. `given` is the name the user wrote, for the message.
 * Throws InputError when the value is of the wrong type or out of range.
 */
export function checkSetting(name: string, value: unknown, given = name): unknown {
  const leaf = LEAVES.get(name);
  if (!leaf) throw new InputError(`There is no setting ${given}.`);
  const converted =
    typeof value === 'string'
      ? fromText(leaf.kind, value)
      : leaf.kind === 'text' && typeof value === 'number'
        ? String(value)
        : value;
  const result = leaf.schema.safeParse(converted);
  if (!result.success) throw new InputError(`${given} must be ${leaf.allowed}; it is ${JSON.stringify(value)}.`);
  return result.data;
}

/** A complete configuration as read back from a run folder. Throws InputError naming the first field that does not fit. */
export function parseTrainConfig(json: unknown, where: string): TrainConfig {
  const result = trainSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const name = issue?.path.join('.') || 'the configuration';
  const allowed = LEAVES.get(name)?.allowed;
  throw new InputError(`${where}: ${name} ${allowed ? `must be ${allowed}` : `does not fit (${issue?.message})`}.`);
}
