/** A run folder with as many answers as wanted, made of rows as training writes them, with hostile texts among them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CompletionRow } from '../../src/base/records/rows';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { microscienceQuestions, strataWorld } from '../../src/questions/tasks/microscience';

/** Texts that would do something if a page took them for more than text. */
export const HOSTILE = `</script><img src=x onerror="hostile()"><svg onload="hostile()"><a href="javascript:hostile()">x</a>`;

const questions = microscienceQuestions('train', { seed: 42, perFamily: 300, world: strataWorld() });

/** One answer; every hundredth is hostile, every tenth has its details. */
export function answerRow(i: number): CompletionRow {
  const { id, question, answer } = questions[i % 50] as (typeof questions)[number];
  const right = i % 3 === 0;
  const words = ['So', ' Use', ' v', ' =', i % 100 === 7 ? HOSTILE : ' a', ' t', ' .'];
  const text = `${words.join('')} number${i} \\boxed{ ${right ? [...answer].join(' ') : '1 2 3'} }`;
  return {
    ...{
      step: Math.floor(i / 32) + 1,
      question_id: id,
      sample: i,
      seed: 1,
      prompt: question,
      teacher_prompt: `${question} ${HOSTILE}`,
    },
    ...{ text, finish_reason: i % 11 === 0 ? 'length' : 'stop', completion_ids: words.map((_, t) => t), tokens: words },
    logprobs: words.map(() => -0.5),
    teacher_logprobs: words.map((_, t) => (t === 4 ? -3 : -0.4)),
    divergence: words.map((_, t) => (t === 4 ? 1 + (i % 7) / 10 : 0.01)),
    ...(i % 10 === 7 && {
      details: {
        entropy: words.map(() => 0.3),
        teacher_entropy: words.map(() => 0.2),
        clipped: words.map(() => 0.01),
        next: words.map((word, t) => [
          [t === 4 ? 99 : t, t === 4 ? ` u${HOSTILE}` : word, -1.5, -0.1, 1.2] as const,
          [t === 4 ? 4 : 98, ' z', -0.5, -3, -0.1] as const,
        ]),
      },
    }),
  };
}

/** Writes a run of so many answers. */
export function writeRun(path: string, answers: number): void {
  mkdirSync(path, { recursive: true });
  const settings = { ...profileDefaults('microscience', 'opsd'), data: 'microscience:strata', model: `${HOSTILE}` };
  const config = {
    ...{ schema_version: 1, created: '2026-11-30T10:00:00.000Z', settings, git_commit: null },
    ...{ versions: { node: '20', tensorflow: '2' }, cpu: HOSTILE, platform: 'linux-x64', threads: 2 },
  };
  writeFileSync(join(path, 'config.json'), JSON.stringify(config));
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  writeFileSync(join(path, 'completions.jsonl'), lines(Array.from({ length: answers }, (_, i) => answerRow(i))));
  const metrics = Array.from({ length: Math.ceil(answers / 32) }, (_, i) => ({
    step: i + 1,
    loss: 1 / (i + 1),
    [HOSTILE]: i,
  }));
  writeFileSync(join(path, 'metrics.jsonl'), lines(metrics));
}
