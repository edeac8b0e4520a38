/** Combinations of settings that are each in range but could not train, or would silently do something else. */
import { existsSync } from 'node:fs';
import { printable } from '../records/printable';
import { workersOf } from './addresses/workers';
import { type AlgorithmTraits, readsRubrics, readsSetting, takesSetting } from './algorithm';
import type { StageSettings, TrainConfig } from './configs';
import { checkData } from './dataSets';
import { checkGrpo } from './grpoCombinations';
import { refuse } from './refuse';
import { checkRollouts } from './rolloutCombinations';
import { knowsLaws } from './rubricSources';

type StageName = 'stage1' | 'stage2';

/** File systems take 255 bytes; what is being written has a longer name beside its own. */
const LONGEST_NAME = 200;

function checkLoss(stage: StageSettings, at: StageName): void {
  refuse(
    stage.clip > 0 && stage.clip_mode === 'none',
    `${at}.clip=${stage.clip} does nothing with clip_mode=none; choose clip_mode=entry (as released), position or mask.`,
  );
  refuse(
    stage.clip === 0 && stage.clip_mode !== 'none',
    `${at}.clip_mode=${stage.clip_mode} needs a threshold; set clip above 0 (released: 0.05) or clip_mode=none.`,
  );
  refuse(
    stage.tail && stage.top_k === 0,
    `${at}.tail=true gathers what top_k leaves out; set top_k above 0 or tail=false.`,
  );
  refuse(
    stage.support !== 'teacher' && stage.top_k === 0,
    `${at}.support=${stage.support} says whose largest logits top_k keeps; set top_k above 0 or support=teacher.`,
  );
  refuse(
    stage.top_k === 1 && !stage.tail && stage.support !== 'union',
    `${at}.top_k=1 leaves one token with probability 1 on both sides, so the loss is always 0; use a larger top_k or tail=true.`,
  );
  refuse(
    stage.divergence === 'jsd' && (stage.beta === 0 || stage.beta === 1),
    `${at}.beta=${stage.beta} makes the JSD 0 everywhere; use divergence=${stage.beta === 0 ? 'forward_kl' : 'reverse_kl'} for that end.`,
  );
}

/** The teacher is the student itself when it has the same weights and the same view. */
function checkTeacher(stage: StageSettings, at: StageName): void {
  const sameWeights = stage.teacher === 'live' || (stage.teacher === 'snapshot' && stage.snapshot_every === 1);
  const sameView =
    stage.teacher_context === 'none' &&
    !stage.reason_first &&
    !stage.anti_mention &&
    stage.thinking.student === stage.thinking.teacher;
  refuse(
    sameWeights && sameView,
    `${at}: teacher=${stage.teacher} with teacher_context=none compares the model with itself, so nothing is learned; give the teacher a context or use teacher=fixed.`,
  );
  refuse(
    stage.reason_first && stage.teacher_context === 'none',
    `${at}.reason_first=true analyses privileged text, but teacher_context=none gives none; choose a context or reason_first=false.`,
  );
}

/** A teacher for each criterion needs a rubric to take apart. */
function checkMixture({ teacher_mixture: mixture, ...stage }: StageSettings, at: StageName): void {
  if (mixture === 'joint') return;
  refuse(
    !stage.teacher_context.includes('rubric'),
    `${at}.teacher_mixture=${mixture} mixes a teacher for each criterion of a rubric, and teacher_context=${stage.teacher_context} shows none; use teacher_context=rubric or answer+rubric, or teacher_mixture=joint.`,
  );
  refuse(
    stage.reason_first,
    `${at}.teacher_mixture=${mixture} shows each teacher one criterion, and reason_first=true has one teacher analyse the whole rubric; set reason_first=false or teacher_mixture=joint.`,
  );
}

/** Stage I asks for a rubric straight away (papers: the authors' stage-I collator). */
function checkRubricStage({ reason_first, anti_mention, teacher_mixture, rollout_context }: StageSettings): void {
  refuse(
    rollout_context !== 'none',
    `stage1.rollout_context=${rollout_context} has no meaning: stage I's rubrics are drawn from what its student sees; set stage2.rollout_context.`,
  );
  refuse(
    teacher_mixture !== 'joint',
    `stage1.teacher_mixture=${teacher_mixture} has no meaning: stage I's teacher writes the whole rubric; set stage2.teacher_mixture.`,
  );
  const found = reason_first ? 'reason_first' : 'anti_mention';
  refuse(
    reason_first || anti_mention,
    `stage1.${found}=true has no meaning: only the reasoner's teacher has an analysis and a transition; set stage2.${found}.`,
  );
}

/** What the checks go by. */
export interface Checking {
  /** Names set by hand. */
  readonly given: ReadonlySet<string>;
  readonly traits: AlgorithmTraits;
  /** All of them, to name those that a setting is for. */
  readonly algorithms: readonly AlgorithmTraits[];
}

function checkStage(config: TrainConfig, at: StageName, { given, traits }: Checking): void {
  const stage = config[at];
  refuse(
    stage.batch_size % stage.microbatch_size !== 0,
    `${at}.microbatch_size=${stage.microbatch_size} does not divide batch_size=${stage.batch_size}; choose a divisor.`,
  );
  refuse(
    given.has(`${at}.optimizer.warmup_steps`) && stage.optimizer.warmup_steps >= stage.steps,
    `${at}.warmup_steps=${stage.optimizer.warmup_steps} takes up all ${stage.steps} steps; make it smaller than steps.`,
  );
  if (!traits.needs(stage).samples) return;
  refuse(
    stage.mask_thinking && !stage.thinking.student,
    `${at}.mask_thinking=true drops every completion without </think>, and thinking.student=false writes none; set mask_thinking=false.`,
  );
  const reads = (name: string): boolean => readsSetting(traits, name);
  refuse(
    stage.sampling.temperature === 0 && !reads('divergence'),
    `${at}.temperature=0 always draws the same completion, which only a divergence from a teacher can learn from; set it above 0 (paper: 1.2).`,
  );
  if (reads('grpo.rewards')) checkGrpo(config, { given, rubrics: readsRubrics(traits, stage) });
  if (reads('divergence')) checkLoss(stage, at);
  if (reads('teacher_context')) checkTeacher(stage, at);
  if (reads('teacher_mixture')) checkMixture(stage, at);
}

function checkRubrics(config: TrainConfig): void {
  const context = config.stage2.teacher_context;
  refuse(
    config.stages === 'both' && !context.includes('rubric'),
    `teacher_context=${context} shows nobody the rubrics that stage I learns to write; use teacher_context=rubric, or stages=reasoner for a control without rubrics.`,
  );
}

/** Throws InputError for a file that a setting names and that is not there. */
export function checkFiles({ rubric_source: source }: Pick<TrainConfig, 'rubric_source'>): void {
  const missing = source.startsWith('file:') && !existsSync(source.slice(5));
  refuse(missing, `rubric_source=${source}: there is no such file.`);
}

function checkRubricSource({ rubric_source: source, data }: TrainConfig): void {
  refuse(
    knowsLaws(source) && !data.startsWith('microscience'),
    `rubric_source=${source} needs a task that knows the right and the wrong law of each question; only data=microscience does.`,
  );
}

/** A setting as it is called on the command line. */
const short = (name: string): string => name.replace(/^(stage[12]\.)?(grpo\.|relatives\.)?/, '');

const namesOf = (algorithms: readonly AlgorithmTraits[]): string => algorithms.map(({ name }) => name).join(', ');

function checkUnread({ given, traits, algorithms }: Checking): void {
  const unread = [...given].find((name) => !takesSetting(traits, name));
  if (unread === undefined) return;
  const readers = namesOf(algorithms.filter((each) => readsSetting(each, unread)));
  const other = short(unread) === 'top_k' ? ', or set sampling.top_k' : '';
  refuse(
    true,
    `${short(unread)} is for algorithm=${readers}; algorithm=${traits.name} has no use for it, leave it out${other}.`,
  );
}

/** Settings of a rubric stage that the algorithm does not have. */
function checkOneStage({ stages }: TrainConfig, { given, traits, algorithms }: Checking): void {
  const foreign = [...given].find(
    (name) => name.startsWith('stage1.') && !given.has(name.replace('stage1.', 'stage2.')),
  );
  const two = namesOf(algorithms.filter(({ rubricStage }) => rubricStage));
  refuse(
    foreign !== undefined,
    `algorithm=${traits.name} has one stage, stage2; ${foreign} is for algorithm=${two}, leave out the prefix.`,
  );
  refuse(given.has('stages'), `stages=${stages} is for algorithm=${two}; algorithm=${traits.name} has one stage.`);
}

/** Groups of completions of one question. */
function checkGroups({ stage2 }: TrainConfig, { traits }: Checking): void {
  const { batch_size, grpo } = stage2;
  const needs = traits.needs(stage2);
  if (!needs.samples || !readsSetting(traits, 'grpo.num_generations')) return;
  refuse(
    batch_size % grpo.num_generations !== 0,
    `batch_size=${batch_size} counts completions and must be a multiple of num_generations=${grpo.num_generations}.`,
  );
  refuse(
    grpo.num_generations === 1 && needs.siblings === true,
    `num_generations=1 leaves a completion without siblings, which algorithm=${traits.name} learns by; draw 2 or more of each question.`,
  );
}

function checkDemonstration({ stage2, data }: TrainConfig, { traits }: Checking): void {
  const { demonstration: instead } = traits.needs(stage2);
  refuse(
    instead !== undefined && data.startsWith('microscience'),
    `algorithm=${traits.name} shows its teacher a whole response, for which microscience's views have no place (an answer and a rubric only); use data with a chat model, or ${instead}.`,
  );
}

/** Settings of chat models; the embedded task writes its views with structural tokens and has no prose to change. */
function checkMicroscience(config: TrainConfig): void {
  if (!config.data.startsWith('microscience')) return;
  for (const at of ['stage1', 'stage2'] as const) {
    const { reason_first, anti_mention, mask_thinking, thinking } = config[at];
    const used = { reason_first, anti_mention, mask_thinking, thinking: thinking.student || thinking.teacher };
    const found = Object.entries(used).find(([, on]) => on)?.[0];
    refuse(
      found !== undefined,
      `${at}.${found}=true has no meaning for data=microscience, whose views have no prose; set it to false or use profile=microscience.`,
    );
  }
  refuse(
    config.rubric_prompt !== 'paper',
    `rubric_prompt=${config.rubric_prompt} has no meaning for data=microscience, which asks for rubrics by a token; leave it out.`,
  );
}

/** Without a rank nothing of an adapter is trained, yet the fixed teacher would still have it. */
function checkAdapter({ adapter, lora, weights }: TrainConfig): void {
  refuse(
    weights === 'bf16' && lora.rank === 0,
    'weights=bf16 keeps frozen matrices in bf16, and lora.rank=0 trains all of them; set lora.rank above 0 or weights=fp32.',
  );
  refuse(
    adapter !== undefined && lora.rank === 0,
    'adapter=FOLDER with lora.rank=0 would train the base weights without the adapter; set lora.rank to its rank, or leave it out.',
  );
}

/** Throws InputError, with the reason, for a configuration that could not train. */
export function checkCombinations(config: TrainConfig, checking: Checking): void {
  const { given, traits } = checking;
  checkUnread(checking);
  if (traits.rubricStage) {
    checkRubricStage(config.stage1);
    if (config.stages !== 'reasoner') checkStage(config, 'stage1', checking);
    if (config.stages !== 'rubric') checkStage(config, 'stage2', checking);
    checkRubrics(config);
  } else {
    checkOneStage(config, checking);
    checkStage(config, 'stage2', checking);
  }
  traits.check?.(config, given);
  checkGroups(config, checking);
  checkDemonstration(config, checking);
  workersOf(config);
  checkRollouts(config, checking);
  checkData(config);
  checkRubricSource(config);
  checkMicroscience(config);
  checkAdapter(config);
  refuse(
    config.evaluation.ladder && (given.has('evaluation.temperature') || config.evaluation.temperature !== 1),
    `evaluation.ladder=true decodes greedily and at temperatures 0.5 and 1; leave out evaluation.temperature=${config.evaluation.temperature}, or the ladder.`,
  );
  refuse(
    config.evaluation.temperature === 0 && config.evaluation.samples > 1,
    `evaluation.temperature=0 gives the same answer ${config.evaluation.samples} times; set evaluation.samples=1.`,
  );
  refuse(
    /[\\/\0]|^\.+$/.test(config.name) || Buffer.byteLength(config.name) > LONGEST_NAME,
    `name=${printable(config.name)} must be one folder name of at most ${LONGEST_NAME} bytes; use runs=PATH for the folder that holds the runs.`,
  );
  refuse(
    /^stage-\d+$/.test(config.name),
    `name=${config.name} is what the stages of a run are called inside its folder; choose another name.`,
  );
}
