import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tokenizerFromJson } from '../../src/engine/files/tokenizer';
import type { LanguageModel } from '../../src/engine/model/model';
import { resolveTrainConfig } from '../../src/method/algorithms/settings';
import { microscienceTask } from '../../src/questions/tasks/microscience/questions';
import { scienceTask } from '../../src/questions/tasks/science';
import { viewsFor } from '../../src/run/session/session';

const read = (name: string) => JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'files', name), 'utf8'));
const tokenizer = tokenizerFromJson(read('words.json').tokenizer, {
  chat_template: read('templates.json').templates.thinking,
});
/** Views need a model for its tokenizer alone. */
const model = { name: 'tokenizer-only', tokenizer } as unknown as LanguageModel;
const question = { id: 'q', task: 'science', split: 'train', question: 'Why?', answer: 'x' };
const prompts = join(mkdtempSync(join(tmpdir(), 'rcsd-')), 'prompts.yaml');
writeFileSync(prompts, 'instruction: Be brief.');

describe('the wording of the settings', () => {
  it('comes from the profile', () => {
    const rubricOf = (profile: string): string =>
      viewsFor(scienceTask, model, resolveTrainConfig({ overrides: [`profile=${profile}`] })).render({
        question,
        purpose: 'rubric',
      });
    expect(rubricOf('paper')).toContain('5 to 15 items');
    expect(rubricOf('released')).toContain('3 to 25 criteria');
  });

  it('comes from a file of the user', () => {
    const config = resolveTrainConfig({ overrides: ['profile=released', `prompts=${prompts}`] });
    const views = viewsFor(scienceTask, model, config);
    expect(views.render({ question, purpose: 'answer' })).toContain('Question: Why?\n\nBe brief.');
    expect(views.render({ question, purpose: 'rubric' })).toContain('3 to 25 criteria');
  });

  it('is refused where a task has views of its own', () => {
    expect(viewsFor(microscienceTask, model)).toBe(microscienceTask.views);
    expect(() => viewsFor(microscienceTask, model, { prompts })).toThrow(/microscience has views of its own/);
  });
});
