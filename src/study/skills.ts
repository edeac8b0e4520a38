/** What a model that learned to answer can still do beside it: writing rubrics, and the drills of its corpus. */
import type { TrainConfig } from '../base/config/configs';
import type { OperationOptions } from '../base/records/events';
import { type LanguageModel, requireTokenizer } from '../engine/model/model';
import { createRandom } from '../engine/tensors/random';
import { scoreCompletions } from '../method/scoring/logprobs';
import { drillExample, suiteData, worldNamed } from '../questions/tasks/microscience';
import { writeRubrics } from '../run/session/rubrics';
import type { Session } from '../run/session/session';
import { rounded } from './measure';
import type { StudyRow } from './row';
import { qualityOf } from './writer';

/** Held-out questions that a rubric is written for, and drills; the drills are the same for every model of a world. */
const SKILLS = { rubrics: 112, drills: 64, seed: 0 } as const;

/** Rubric writing and drills of a model in the world of its session's data. */
export async function skillsOf(
  session: Session,
  { model, config }: { readonly model: LanguageModel; readonly config: TrainConfig },
  options: OperationOptions,
): Promise<Pick<StudyRow, 'written' | 'drills'>> {
  const questions = session.test.slice(0, SKILLS.rubrics);
  const { rows } = await writeRubrics(session, { writer: model, writerName: 'student', questions, config, ...options });
  return { written: qualityOf(questions, rows), drills: await drillsOf(model, config, options) };
}

async function drillsOf(model: LanguageModel, { data }: TrainConfig, options: OperationOptions): Promise<number> {
  const world = worldNamed(suiteData(data)?.world ?? '');
  const random = createRandom(SKILLS.seed);
  const { encode } = requireTokenizer(model);
  const sequences = Array.from({ length: SKILLS.drills }, () => {
    const { prompt, completion } = drillExample(random, world);
    return { promptTokens: encode(prompt.join(' ')), completionTokens: encode(completion.join(' ')) };
  });
  const logprobs = (await scoreCompletions(model, sequences, options)).flatMap(({ logprobs: own }) => [...own]);
  return rounded(logprobs.reduce((sum, x) => sum + x, 0) / logprobs.length);
}
