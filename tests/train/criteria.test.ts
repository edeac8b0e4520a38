/** Training towards teachers of one criterion each: what reaches whom, what is written down, and what it equals. */
import { describe, expect, it } from 'vitest';
import type { CompletionRow } from '../../src/base/records/rows';
import type { Rubric } from '../../src/base/records/rubric';
import type { Run } from '../../src/base/records/runReader';
import { openModel } from '../../src/engine/model/load';
import { requireTokenizer } from '../../src/engine/model/model';
import { algorithmNamed } from '../../src/method/algorithms';
import { type Example, lookingAt } from '../../src/method/algorithms/algorithm';
import { reasoner } from '../../src/method/algorithms/rcsd';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { expectClose } from '../parity/reference';
import { type Change, letters, MIXTURES, odd, stage } from './algorithms';
import { checkpointOf, examples, readFile, recordOf, scienceRuns } from './stage';

const { model, complete } = scienceRuns();

const withCriteria = (change: (criteria: Rubric['criteria']) => Rubric['criteria']): Example[] =>
  examples().map(({ question, rubric }) => ({
    question,
    rubric: rubric && { ...rubric, criteria: change(rubric.criteria) },
  }));

const run = (name: string, change: Change, given?: Example[]): Promise<Run> =>
  complete(name, { ...stage(reasoner, { steps: 3, ...change }), ...(given && { examples: given }) });

const gradientOf = ({ path }: Run) => readFile(checkpointOf(path, 1), 'optimizer.safetensors');

describe('a rubric of one criterion', () => {
  const first = withCriteria((criteria) => criteria.slice(0, 1));

  it.each(MIXTURES)('makes %s the joint teacher, bit for bit', async (teacher_mixture) => {
    const joint = await run(`one joint ${teacher_mixture}`, {}, first);
    const own = await run(`one ${teacher_mixture}`, { teacher_mixture }, first);
    expect(recordOf(own.path).metrics).toEqual(recordOf(joint.path).metrics);
    const [rows, expected] = [own.completions(), joint.completions()];
    rows.forEach(({ teacher_prompts, criterion, ...row }, i) => {
      const { teacher_prompt, ...rest } = expected[i] as CompletionRow;
      expect(row).toEqual(rest);
      expect(teacher_prompts).toEqual([teacher_prompt]);
      expect(criterion).toEqual(row.completion_ids.map(() => 'c1'));
    });
  });
});

it.each(['strongest', 'mean', 'product'] as const)(
  '%s of one criterion said three times is its teacher',
  async (teacher_mixture) => {
    const thrice = withCriteria(([criterion]) => (criterion ? [criterion, criterion, criterion] : []));
    const joint = await run(
      `once ${teacher_mixture}`,
      { steps: 1 },
      withCriteria((criteria) => criteria.slice(0, 1)),
    );
    const own = await run(`thrice ${teacher_mixture}`, { steps: 1, teacher_mixture }, thrice);
    const [expected, gradients] = [joint, own].map(gradientOf);
    for (const [name, gradient] of Object.entries(expected ?? {}))
      expectClose(gradients?.[name] ?? [], gradient, { tolerance: 1e-6, where: name });
  },
);

describe('what is written of a step', () => {
  /** Log-probabilities of a completion behind some prompts, under the model that training begins with. */
  async function behind(prompts: readonly string[], { completion_ids }: CompletionRow) {
    const opened = await openModel(model);
    const { encode } = requireTokenizer(opened);
    const sequences = prompts.map((text) => ({ promptTokens: encode(text), completionTokens: completion_ids }));
    const scores = await scoreCompletions(opened, sequences);
    opened.dispose();
    return scores.map(({ logprobs }) => logprobs);
  }

  it('are the prompts of all teachers, each with its criterion alone, and which criterion was strongest', async () => {
    const rows = (await run('strongest rows', { teacher_mixture: 'strongest', steps: 1 })).completions();
    const rubrics = new Map(examples().map(({ question, rubric }) => [question.id, rubric?.criteria ?? []]));
    const chosen = new Set<string>();
    for (const row of rows) {
      const criteria = rubrics.get(row.question_id) ?? [];
      expect(row.teacher_prompt).toBeUndefined();
      expect(row.teacher_prompts).toHaveLength(criteria.length);
      const titles = row.teacher_prompts?.map((text) =>
        [...text.matchAll(/"title":" (.*?) "/g)].map(([, title]) => title),
      );
      expect(titles).toEqual(criteria.map(({ title }) => [expect.stringMatching(new RegExp(`^${title}$`))]));
      // Each token's teacher is the one of the criterion that is named for it.
      const scores = await behind(row.teacher_prompts ?? [], row);
      const expected = row.criterion?.map((id, t) => {
        chosen.add(id);
        return scores[criteria.findIndex((criterion) => criterion.id === id)]?.[t] ?? Number.NaN;
      });
      expectClose(row.teacher_logprobs ?? [], expected ?? [], { tolerance: 2e-4, where: row.question_id });
    }
    expect(chosen.size).toBeGreaterThan(1);
  });

  it('is the mean of the teachers’ probabilities where they are averaged', async () => {
    const changes = { teacher_mixture: 'mean', loss_temperature: 1, steps: 1 } as const;
    const rows = (await run('mean rows', changes)).completions();
    for (const row of rows) {
      const scores = await behind(row.teacher_prompts ?? [], row);
      const expected = row.completion_ids.map((_, t) =>
        Math.log(scores.reduce((sum, own) => sum + Math.exp(own[t] as number), 0) / scores.length),
      );
      expectClose(row.teacher_logprobs ?? [], expected, { tolerance: 2e-4, where: row.question_id });
      expect(row.criterion).toHaveLength(row.completion_ids.length);
    }
  });
});

describe('algorithms that share the teacher', () => {
  it.each(['opd', 'gkd', 'grpo_opsd', 'rcsd_sft'] as const)(
    '%s learns from a mixture, not from the joint one',
    async (name) => {
      const of = (teacher_mixture: 'joint' | 'product') => {
        const changes: Change = { teacher_context: 'answer+rubric', teacher_mixture, steps: 1 };
        const answering = (settings: Parameters<typeof reasoner>[0]) =>
          algorithmNamed(name).answering(settings, { ...lookingAt(letters), rewards: () => [odd] });
        return complete(
          `${name} ${teacher_mixture}`,
          stage(answering, { ...changes, relatives: { distill_coef: 0.3 } }),
        );
      };
      const [joint, own] = [await of('joint'), await of('product')];
      expect(
        own
          .completions()
          .every(({ teacher_prompts = [] }) => teacher_prompts.every((text) => text.includes('<|ref|>'))),
      ).toBe(true);
      expect(own.metrics()[0]?.loss).not.toBeCloseTo(joint.metrics()[0]?.loss ?? 0, 5);
      expect(Number.isFinite(own.metrics()[0]?.grad_norm)).toBe(true);
    },
  );
});
