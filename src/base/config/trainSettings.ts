/**
 * Every setting of a training run, declared once. The defaults are those of the profile `paper`: the text of arXiv 2606.19327
 * (Table 7, sections 2.3-2.5), with the source behind each; "unstated" marks values that neither the paper nor the authors' code
 * gives, which are the trainer's usual ones. profiles.ts has what the other two profiles have otherwise.
 */
import { z } from 'zod';
import type { AlgorithmTraits } from './algorithm';
import type { TrainConfig } from './configs';
import {
  aboveZero,
  atLeastZero,
  belowOne,
  choice,
  flag,
  group,
  numbers,
  optional,
  optionalPath,
  positive,
  seed,
  settingsTable,
  share,
  text,
  whole,
  words,
} from './declare';
import { grpo } from './grpoSettings';
import { machineSettings } from './machineSettings';
import { AGGREGATIONS } from './policyGradient';
import { ROLLOUTS } from './rolloutSettings';
import { DOSE, LAW_SOURCES, SHARED_SOURCES } from './rubricSources';
import type { Declarations, SettingsTable } from './setting';
import { DATE_PATTERN, TEMPLATE_DATE } from './templateDate';

/** The seven projections of a decoder layer that an adapter can sit on. */
export const LORA_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

// Commands that measure without training, each taking a few settings of a run.
const EVALUATE = ['evaluate'];
const CLIPPING = ['clipping'];
const AUDIT = ['audit'];
const TEACHER = [...EVALUATE, ...CLIPPING, ...AUDIT, 'contexts', 'rubrics quality'];
const WRITING = ['rubrics generate', 'rubrics quality'];
const ANSWERING = [...EVALUATE, 'rubrics quality'];
const OPENING = [...TEACHER, 'rubrics generate'];

interface SamplingDefaults {
  readonly temperature: number;
  readonly top_p: number;
  readonly top_k: number;
  readonly max_tokens: number;
}

/** `more` are commands that draw completions of a length of their own. */
const sampling = (
  defaults: SamplingDefaults,
  { some = [], more = [] }: { readonly some?: readonly string[]; readonly more?: readonly string[] } = {},
): Declarations => {
  const commands = [...some, ...more];
  return {
    temperature: atLeastZero(defaults.temperature, 'sampling temperature; 0 takes the most likely token', { commands }),
    top_p: aboveZero(defaults.top_p, 'sample from the smallest set of tokens with this much probability', { commands }),
    top_k: whole(defaults.top_k, 'sample from the k most likely tokens; 0 for all', { commands }),
    max_tokens: whole(defaults.max_tokens, 'longest completion in tokens', { min: 1, commands: some }),
  };
};

const optimizer = group('OptimizerSettings', {
  learning_rate: positive(5e-6, 'peak learning rate of AdamW'), // paper, Table 7
  warmup_steps: whole(0, 'updates over which the learning rate rises'), // unstated
  schedule: choice(['linear', 'cosine', 'constant'], 'linear', 'how the learning rate goes on after the warm-up'), // unstated
  weight_decay: atLeastZero(0, 'decoupled weight decay'), // unstated
  adam_beta1: belowOne(0.9, 'decay of the mean gradient'), // unstated
  adam_beta2: belowOne(0.999, 'decay of the mean squared gradient'), // unstated
  adam_epsilon: positive(1e-8, "AdamW's epsilon"), // unstated
  max_grad_norm: atLeastZero(1, 'clip of the global gradient norm; 0 for none'), // release script
});

/** How the distributions of several teachers become one; `joint` is a single teacher. */
const MIXTURES = ['joint', 'mean', 'product', 'ratio', 'strongest'] as const;

const CONTEXTS = ['none', 'answer', 'rubric', 'answer+rubric'] as const;

interface StageDefaults {
  readonly steps: number;
  readonly teacher_context: (typeof CONTEXTS)[number];
  readonly max_tokens: number;
}

/** A stage of training; the two stages of RCSD have three defaults of their own. */
const stage = ({ steps, teacher_context, max_tokens }: StageDefaults, relatives: Declarations): Declarations => {
  const measured = { commands: CLIPPING };
  const seen = { commands: TEACHER };
  return {
    steps: whole(steps, 'updates', { min: 1 }),
    // ours: the paper's stages learn from different mixtures
    data: optional(
      text('', 'questions that this stage learns from, written as data; those of data unless given', { since: 5 }),
    ),
    data_weights: optional(numbers([], 'weights of the data sets in data of this stage', { since: 5 })),
    // the stage-I scripts: 2048
    max_prompt_tokens: optional(
      whole(1, 'learn only from questions whose prompt has at most this many tokens; no such limit unless given', {
        min: 1,
        since: 5,
      }),
    ),
    strata: text(
      'all',
      'learn only from questions whose metadata.stratum is one of these, separated by commas; all for all',
      {
        since: 3, // ours
      },
    ),
    leave_out: text(
      'none',
      'learn from no question whose metadata has one of these values, such as template=MOVE-speed or phrasing=3, separated by commas; none for no such limit',
      { since: 5 }, // ours
    ),
    batch_size: whole(32, 'completions in one update', { min: 1 }), // paper, Table 7
    // ours: what fits a small machine; the mean over the batch's tokens does not depend on it
    microbatch_size: whole(4, 'completions in one forward and backward pass; divides batch_size', { min: 1 }),
    loss_aggregation: choice(
      AGGREGATIONS,
      'batch-token', // ours: equations (4), (5) sum over tokens, without a word on the batch
      'mean over the tokens of the batch, over sequences, over the tokens of each microbatch (as released); sum; sum over the number of sequences, or over that times max_tokens',
    ),
    teacher: choice(
      ['fixed', 'live', 'ema', 'snapshot'],
      'fixed', // paper, section 2.3
      "whose weights the teacher has: the initial ones, the student's, an average, a copy",
    ),
    ema_decay: belowOne(0.999, 'decay of the averaged teacher (teacher=ema)'), // the code's option
    snapshot_every: whole(10, "updates between copies of the student's weights (teacher=snapshot)", { min: 1 }), // ours
    teacher_context: choice(CONTEXTS, teacher_context, 'what the teacher sees beside the question', measured),
    teacher_mixture: choice(
      MIXTURES,
      'joint', // paper: one teacher with the whole rubric
      "one teacher with the whole rubric, or one for each criterion, mixed at each token: the mean of their distributions, their product (geometric mean), the student's times each one's ratio to it, or the one that moves the student most",
      { since: 4 },
    ),
    rollout_context: choice(
      CONTEXTS,
      'none', // ours
      'grpo, majority, rcsd, ssd, sft_source=filtered: what is seen beside the question while completions are drawn; they are learned behind the question alone',
      { since: 3 },
    ),
    divergence: choice(
      ['forward_kl', 'reverse_kl', 'jsd'],
      'forward_kl', // paper, section 2.5
      'divergence between teacher and student, token by token',
      measured,
    ),
    beta: share(0.5, 'interpolation of divergence=jsd', measured),
    // the code divides both logits by the sampling temperature
    loss_temperature: positive(1.2, 'temperature of both distributions in the loss', measured),
    top_k: whole(0, 'keep k largest logits in the loss; 0 for the whole vocabulary'), // paper: whole vocabulary
    support: choice(
      ['teacher', 'student', 'union'],
      'teacher', // the code
      "with top_k: whose largest logits are kept; union keeps the teacher's k and the student's k",
      { since: 4 },
    ),
    tail: flag(false, 'with top_k: gather the rest of the mass in one more entry instead of renormalising'),
    clip: atLeastZero(0, 'upper limit of the divergence; 0 for none'), // paper: none
    clip_mode: choice(
      ['entry', 'position', 'mask', 'none'],
      'none',
      'what the clip acts on: vocabulary entry, position, or dropping the position',
    ),
    sampling: group('SamplingSettings', sampling({ temperature: 1.2, top_p: 1, top_k: 0, max_tokens })), // paper, Table 7
    optimizer,
    reason_first: flag(false, 'the teacher writes an analysis of the privileged text and scores behind it'), // not in the text
    // ours: the release lets the current student write it, by accident of its generation engine
    reason_by: choice(['teacher', 'student'], 'teacher', 'who writes that analysis'),
    // ours: an analysis is shorter than a solution, and the release samples it like one
    reason_sampling: group('ReasonSamplingSettings', {
      temperature: optional(
        atLeastZero(1, 'reason_first: sampling temperature of the analysis; as sampling.temperature unless given', {
          since: 5,
        }),
      ),
      top_p: optional(
        aboveZero(1, 'reason_first: top_p of the analysis; as sampling.top_p unless given', { since: 5 }),
      ),
      top_k: optional(whole(0, 'reason_first: top_k of the analysis; as sampling.top_k unless given', { since: 5 })),
      max_tokens: optional(
        whole(1, 'reason_first: longest analysis in tokens; as sampling.max_tokens unless given', { min: 1, since: 5 }),
      ),
    }),
    anti_mention: flag(false, "close the teacher's context with the request not to mention the privileged text", seen), // not in the text
    mask_thinking: flag(false, 'leave out the loss up to the first </think>'), // the code's default
    thinking: group('ThinkingSettings', {
      student: flag(true, "thinking mode of the chat template in the student's view", {
        commands: [...TEACHER, 'rubrics generate'], // release script
      }),
      teacher: flag(true, "thinking mode of the chat template in the teacher's view", seen), // release script
    }),
    grpo,
    relatives: group('RelativeSettings', relatives),
  };
};

const rubricSource = choice(
  [...SHARED_SOURCES, ...LAW_SOURCES],
  'generated', // paper, Algorithm 1
  "where stage II's rubrics come from",
  {
    pattern: {
      type: `\`file:\${string}\` | \`dose:\${number}\``,
      test: new RegExp(`^file:.|${DOSE.source}`),
    },
    allowed: `one of ${SHARED_SOURCES.join(', ')}, file:PATH; for microscience also ${LAW_SOURCES.join(', ')}, dose:SHARE`,
    commands: [...EVALUATE, ...CLIPPING, 'rubrics quality'],
  },
);

/** The declarations, with those of the algorithms' own settings. @internal */
export function declarations(algorithms: readonly AlgorithmTraits[]): Declarations {
  const relatives = Object.assign({}, ...algorithms.map(({ settings }) => settings)) as Declarations;
  const drawn = { commands: [...EVALUATE, ...CLIPPING, ...AUDIT, ...WRITING] };
  return {
    profile: choice(['paper', 'released', 'microscience'], 'paper', 'table of defaults', { commands: OPENING }),
    algorithm: choice(
      algorithms.map(({ name }) => name),
      'rcsd',
      'what to train with',
      // What was called cripo before is a sum that has a name of its own now.
      { renamed: { since: 4, words: { cripo: 'grpo_opsd' } } },
    ),
    // ours: the paper trains Qwen3-8B, which no registry offers
    model: text('smollm2-135m', 'a model name (see `rcsd models list`), a model folder or a .gguf file', {
      commands: OPENING,
      renamed: { since: 3, words: { microscience: 'microscience:0' } },
    }),
    adapter: optionalPath('a folder', 'PEFT adapter to start from', { commands: OPENING }),
    date: choice([TEMPLATE_DATE], TEMPLATE_DATE, 'the day that a chat template takes for today, YYYY-MM-DD', {
      commands: OPENING,
      allowed: 'a day written YYYY-MM-DD',
      pattern: { type: 'string', test: DATE_PATTERN },
      since: 4, // ours: transformers takes the day of the call
    }),
    // ours: the paper's own mixture (RaR-Science, RubricHub, natural_reasoning) is not stated exactly and not ours to ship
    data: text(
      'data/science-sample',
      'a folder with train.jsonl and test.jsonl, a JSONL file, a registered name, several of them separated by commas, microscience, or microscience:7 for a base of pretrain world=7',
      {
        commands: OPENING,
        renamed: {
          since: 3,
          words: { microscience: 'microscience:0', 'microscience-transfer': 'microscience-transfer:0' },
        },
      },
    ),
    data_weights: optional(
      numbers(
        [],
        'share of the questions drawn from each of several data sets; unless given, every question counts the same',
        {
          since: 5, // ours: the paper's mixture is not stated
        },
      ),
    ),
    name: text('run', 'name of the run folder; default: algorithm and model'),
    runs: text('runs', 'folder that holds the run folders'),
    stages: choice(
      ['both', 'rubric', 'reasoner'],
      'both',
      'rcsd: run both stages, the rubric generator, or the reasoner alone',
    ),
    rubric_source: rubricSource,
    // paper, equation (4)
    rubric_student_sees_answer: flag(false, 'stage I: the student sees the reference answer too', {
      commands: WRITING,
    }),
    rubric_teacher_sees: choice(['answer', 'rubric', 'answer+rubric'], 'answer', 'stage I: what the teacher sees'), // paper, equation (4)
    rubric_prompt: choice(
      ['paper', 'released'],
      'paper', // paper, appendix B.1
      "wording of the request for a rubric: the paper's or the authors' code's",
    ),
    prompts: optionalPath('a YAML file', 'prompt templates in place of the built-in ones'),
    rubric_sampling: group(
      'SamplingSettings',
      sampling({ temperature: 1, top_p: 0.95, top_k: 20, max_tokens: 2048 }, { some: WRITING }), // the code's rubric cache scripts
    ),
    rubric_min_valid: share(0.5, 'least share of questions that must keep a valid rubric'), // ours
    // paper, Table 7; equation (4); sequence length of the rubric stage
    stage1: group('StageSettings', stage({ steps: 1000, teacher_context: 'answer', max_tokens: 2048 }, relatives)),
    // paper, Table 7; equation (5); Table 7
    stage2: group('StageSettings', stage({ steps: 100, teacher_context: 'rubric', max_tokens: 4096 }, relatives)),
    lora: group('LoraSettings', {
      rank: whole(64, 'rank of the adapters; 0 trains all weights'), // paper, Table 7
      alpha: positive(128, 'adapters are scaled by alpha / rank'), // paper, Table 7
      // the stage-I scripts
      targets: words(LORA_TARGETS, 'projections with an adapter', {
        item: z.enum(LORA_TARGETS),
        allowed: `a comma-separated list out of ${LORA_TARGETS.join(', ')}`,
      }),
    }),
    // paper, section 3: temperature 1.0, top-p 0.95, mean over four generations; the length is unstated
    evaluation: group('EvaluationSettings', {
      ...sampling({ temperature: 1, top_p: 0.95, top_k: 0, max_tokens: 4096 }, { some: ANSWERING, more: CLIPPING }),
      samples: whole(4, 'samples a question', { min: 1, commands: ANSWERING }),
      questions: whole(0, 'at most this many questions; 0 for all', { commands: ANSWERING }),
      // ours: a score can hold at one temperature alone
      ladder: flag(
        false,
        'decode greedily and at temperatures 0.5 and 1, in place of at `temperature`; samples is then 16 unless given',
        { since: 3, commands: EVALUATE },
      ),
    }),
    validation: group('ValidationSettings', {
      // ours: the paper evaluates the last model
      every: whole(0, 'updates between validations of the answering stage, whose best model is kept; 0 for none'),
      questions: whole(100, 'questions for it, taken out of the training ones', { min: 1 }),
    }),
    trace_every: whole(
      0,
      'updates of the answering stage between measurements of the probability of the right rule, by teacher forcing; 0 for none; microscience only',
      { since: 5 }, // ours, and the one below
    ),
    trace_questions: whole(48, 'held-out questions for it', { min: 1, since: 5 }),
    seed: group('SeedSettings', {
      init: seed(42, 'seed of the initial adapter weights'), // unstated
      data: seed(42, 'seed of the order of the questions', { commands: TEACHER }), // unstated
      sampling: seed(42, 'seed of the sampling noise', drawn), // unstated
    }),
    checkpoint_every: whole(10, 'updates between checkpoints', { min: 1 }), // release script
    keep_checkpoints: whole(2, 'newest checkpoints to keep', { min: 1 }), // ours
    // ours: what a reader can look at in an hour, for about a tenth of a step's time
    keep_token_details: whole(
      4,
      "completions of each step of which completions.jsonl keeps both sides' likeliest next tokens; needs a teacher",
      { since: 5, before: 0 },
    ),
    collapse_stop: flag(true, 'end a run whose divergence or length runs away, with its last good checkpoint'), // ours
    ...ROLLOUTS,
    ...machineSettings({ opening: [...EVALUATE, ...CLIPPING, ...AUDIT, 'contexts'] }),
  };
}

/** The table of a training run's settings, with those of the algorithms. */
export const trainTable = (algorithms: readonly AlgorithmTraits[]): SettingsTable<TrainConfig> =>
  settingsTable<TrainConfig>(declarations(algorithms));
