import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTask } from '../../src/questions/load';
import { openSession } from '../../src/run/session/session';
import { temporaryFolder, writeScienceModel } from '../model/tiny';

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe('a base of another world', () => {
  it('is asked and graded by its own laws, once the data name them', async () => {
    const model = await writeScienceModel(join(folder.path, 'strata-1'));
    writeFileSync(join(model, 'pretraining.json'), JSON.stringify({ settings: { world: 'strata-1' } }));
    for (const data of ['microscience', 'microscience-transfer']) {
      await expect(openSession({ model, data })).rejects.toThrow(
        `Model ${model} was pretrained in world strata-1, and data=${data} asks by the laws of world strata; set data=${data}:strata-1.`,
      );
    }
    await expect(openSession({ model, data: 'microscience:7' })).rejects.toThrow('the laws of world 7');
    for (const data of ['microscience:strata-1', 'microscience:strata-2']) {
      const opened = await openSession({ model, data });
      expect(opened.test).toEqual(loadTask(data).test);
      opened.dispose();
    }
  });

  it('has other laws and answers to the same questions', () => {
    const [ours, theirs] = ['microscience:0', 'microscience:7'].map((data) => loadTask(data).test);
    const laws = (questions = ours) =>
      new Map(questions?.map(({ id, metadata, answer }) => [id, [metadata?.law, answer]]));
    const changed = [...laws(theirs)].filter(([id, [law]]) => laws(ours).has(id) && laws(ours).get(id)?.[0] !== law);
    expect(changed.length).toBeGreaterThan(50);
    for (const { metadata } of theirs ?? []) expect(metadata?.law).not.toBe(metadata?.wrong);
  });

  it('is refused by a name that no world has', () => {
    for (const name of ['strata-4', 'strat', '-1', '7b'])
      expect(() => loadTask(`microscience:${name}`)).toThrow(`There is no world ${name}; use strata`);
  });
});
