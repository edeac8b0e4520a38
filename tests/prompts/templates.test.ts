import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultTemplates, fillTemplate, readTemplates } from '../../src/method/prompts/templates';

const path = join(mkdtempSync(join(tmpdir(), 'rcsd-')), 'prompts.yaml');
const read = (yaml: string) => {
  writeFileSync(path, yaml);
  return readTemplates(path);
};

describe('readTemplates', () => {
  it('replaces the templates of the file and keeps the others', () => {
    const templates = read('instruction: Answer briefly.\nstudent: "{{ question }} -- {{instruction}}"\n');
    expect(templates).toEqual({
      ...defaultTemplates(),
      instruction: 'Answer briefly.',
      student: '{{ question }} -- {{instruction}}',
    });
  });

  it('stands on the base it is given', () => {
    writeFileSync(path, 'instruction: x');
    expect(readTemplates(path, defaultTemplates('released')).rubric_writer).toBe(
      defaultTemplates('released').rubric_writer,
    );
    expect(defaultTemplates('released').rubric_writer).not.toBe(defaultTemplates('paper').rubric_writer);
  });

  it.each([
    ['studnet: x', /prompts.yaml: there is no template "studnet"; known are student,/],
    ['constructor: x', /no template "constructor"/],
    ['student: 5', /"student" must be a text/],
    ['student: ""', /"student" must be a text/],
    [
      'student: "{{question}} {{rubric}} {{instruction}}"',
      /no placeholder {{rubric}}; it knows {{question}}, {{instruction}}/,
    ],
    ['instruction: "{{question}}"', /no placeholder {{question}}; it knows none/],
    ['teacher: "{{question}} {{instruction}}"', /"teacher" lacks the placeholder {{privileged}}/],
    ['- a\n- b', /must map template names/],
    ['a: [', /not valid YAML/],
    ['', /must map template names/],
  ])('refuses %j', (yaml, message) => expect(() => read(yaml)).toThrow(message));

  it('names a missing file', () => {
    expect(() => readTemplates('/no/such.yaml')).toThrow(/no\/such.yaml/);
  });

  it('accepts the built-in templates from a file', () => {
    for (const rubricPrompt of ['paper', 'released'] as const)
      expect(read(JSON.stringify(defaultTemplates(rubricPrompt)))).toEqual(defaultTemplates(rubricPrompt));
  });
});

describe('fillTemplate', () => {
  it('fills in one pass', () => {
    expect(fillTemplate('{{a}} {{ b }} {{a}}', { a: '{{b}} $& $1', b: 'B' })).toBe('{{b}} $& $1 B {{b}} $& $1');
  });
});
