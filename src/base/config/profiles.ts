/**
 * The three tables of defaults. `paper` is what trainSettings.ts declares: the text of arXiv 2606.19327. Here stands what
 * `released`, the authors' code, and `microscience`, the settings that the embedded model was measured with, have otherwise.
 */
import type { AlgorithmTraits } from './algorithm';
import type { SamplingSettings, StageSettings, TrainConfig } from './configs';

/** The defaults of a profile, made from those of `paper`. */
type Profile = (paper: TrainConfig) => TrainConfig;

const releasedReasoner = (paper: StageSettings): StageSettings => ({
  ...paper,
  microbatch_size: 1, // release script: one completion a device
  loss_aggregation: 'microbatch-token', // the code divides by the tokens of the micro-batch
  teacher_context: 'answer+rubric', // the code's collator
  top_k: 20, // release script
  clip: 0.05, // release script
  clip_mode: 'entry', // the code clips each vocabulary entry before the sum
  sampling: { temperature: 1.2, top_p: 0.95, top_k: 20, max_tokens: 4096 }, // release script
  reason_first: true, // release script
  anti_mention: true, // the release's transition text
});

const released: Profile = (paper) => ({
  ...paper,
  profile: 'released',
  rubric_student_sees_answer: true, // the code's stage-I collator
  rubric_teacher_sees: 'answer+rubric', // the code's stage-I collator
  rubric_prompt: 'released', // the code's stage-I collator
  stage1: {
    ...releasedReasoner(paper.stage2),
    steps: paper.stage1.steps, // the release keeps stage II only
    teacher_context: 'answer+rubric',
    divergence: 'jsd', // stage-I scripts: beta 0.5, no top-k
    top_k: 0,
    reason_first: false, // the stage-I collator has neither analysis nor transition
    anti_mention: false,
  },
  stage2: releasedReasoner(paper.stage2),
});

const scienceSampling: SamplingSettings = { temperature: 1, top_p: 0.95, top_k: 0, max_tokens: 80 };

/** Settings under which the embedded model was studied: full fine-tuning, whole vocabulary, no clip. */
const scienceReasoner = (paper: StageSettings): StageSettings => ({
  ...paper,
  steps: 40,
  microbatch_size: 32,
  sampling: { ...scienceSampling, temperature: 1.2 },
  optimizer: { ...paper.optimizer, learning_rate: 3e-4, warmup_steps: 5 },
  thinking: { student: false, teacher: false }, // the task's views have no thinking mode
});

const microscience: Profile = (paper) => ({
  ...paper,
  profile: 'microscience',
  model: 'microscience',
  data: 'microscience:strata',
  rubric_teacher_sees: 'answer+rubric', // figure 2 and the code's collator; the answer alone says little to this model
  rubric_sampling: { ...scienceSampling, max_tokens: 128 },
  stage1: {
    ...scienceReasoner(paper.stage2),
    steps: 80,
    teacher_context: 'answer+rubric',
    loss_temperature: 1,
    sampling: { ...scienceSampling, max_tokens: 112 }, // the longest teacher's prompt has 140 of 256 positions
  },
  stage2: scienceReasoner(paper.stage2),
  lora: { ...paper.lora, rank: 0 },
  evaluation: { ...paper.evaluation, ...scienceSampling, samples: 2, questions: 480 },
  weights: 'fp32',
  precision: 'fp32', // too small a model for the choice to matter; runs stay the same on every processor of a type
  checkpoint_every: 20,
});

const PROFILES: Readonly<Record<TrainConfig['profile'], Profile>> = { paper: (paper) => paper, released, microscience };

/** The complete defaults of a profile for one algorithm, of which most have the answering stage alone, `stage2`. */
export function defaultsOfProfile(
  paper: TrainConfig,
  profile: TrainConfig['profile'],
  { name, defaults, steps }: AlgorithmTraits,
): TrainConfig {
  const base = PROFILES[profile](paper);
  const algorithm = name as TrainConfig['algorithm'];
  const longer = steps !== undefined && profile !== 'microscience' && { steps };
  return { ...base, algorithm, stage2: { ...base.stage2, ...longer, ...defaults?.(base.stage2) } };
}
