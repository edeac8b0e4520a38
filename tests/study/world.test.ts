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
    const model = await writeScienceModel(join(folder.path, 'world-7'));
    writeFileSync(join(model, 'pretraining.json'), JSON.stringify({ settings: { world: 7 } }));
    for (const data of ['microscience', 'microscience-transfer']) {
      await expect(openSession({ model, data })).rejects.toThrow(
        `Model ${model} was pretrained in world 7; set data=${data}:7 for the laws it knows, or data=${data}:0 for`,
      );
    }
    const own = await openSession({ model, data: 'microscience:7' });
    expect(own.test).toEqual(loadTask('microscience:7').test);
    own.dispose();
    const other = await openSession({ model, data: 'microscience:0' });
    expect(other.test).toEqual(loadTask('microscience').test);
    other.dispose();
  });

  it('has other laws and answers to the same questions', () => {
    const [ours, theirs] = ['microscience', 'microscience:7'].map((data) => loadTask(data).test);
    const laws = (questions = ours) =>
      new Map(questions?.map(({ id, metadata, answer }) => [id, [metadata?.law, answer]]));
    const changed = [...laws(theirs)].filter(([id, [law]]) => laws(ours).has(id) && laws(ours).get(id)?.[0] !== law);
    expect(changed.length).toBeGreaterThan(50);
    for (const { metadata } of theirs ?? []) expect(metadata?.law).not.toBe(metadata?.wrong);
  });
});
