/** Files in the forms of published sets, made up and small, in a folder of their own. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { csv } from '../../src/engine/files/csv';

/** Content by path; text or bytes. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes files into a new folder and returns its path. */
export function folderOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'rcsd-data-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** One file of a new folder. */
export const fileOf = (name: string, content: string | Uint8Array): string => join(folderOf({ [name]: content }), name);

/** A zip archive of files. */
export const zipOf = (files: Files): Uint8Array =>
  zipSync(
    Object.fromEntries(
      Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? strToU8(content) : content]),
    ),
  );

/** One JSON value a line. */
export const jsonl = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A row of GPQA. */
export const gpqaRow = (changes: object = {}): object => ({
  'Record ID': 'rec1',
  Question: 'Which particle\ncarries the charge?',
  'Correct Answer': 'electron',
  'Incorrect Answer 1': 'neutron',
  'Incorrect Answer 2': 'photon, or none',
  'Incorrect Answer 3': 'neutrino',
  Explanation: 'It is charged.',
  'High-level domain': 'Physics',
  Subdomain: 'Physics (general)',
  "Writer's Difficulty Estimate": 'Hard',
  ...changes,
});

/** A row of SciBench. */
export const scibenchRow = (changes: object = {}): object => ({
  problem_text: 'What is the pressure of the gas?',
  answer_latex: ' 50.7',
  answer_number: '50.7',
  unit: '$\\mathrm{atm}$ ',
  source: 'atkins',
  problemid: ' e1.17',
  comment: ' ',
  ...changes,
});

/** A row of PIQA. */
export const piqaRow = (changes: object = {}): object => ({
  goal: 'Dry a cup',
  sol1: 'Use a towel',
  sol2: 'Use a hose',
  ...changes,
});

/** A row of MedMCQA in the authors' form. */
export const medmcqaRow = (changes: object = {}): object => ({
  id: 'm1',
  question: 'Where is the femur?',
  opa: 'arm',
  opb: 'leg',
  opc: 'head',
  opd: 'hand',
  cop: 2,
  exp: 'It is the thigh bone.',
  subject_name: 'Anatomy',
  topic_name: 'Bones',
  choice_type: 'single',
  ...changes,
});

/** A row of PubMedQA in the authors' form. */
export const pubmedqaRow = (changes: object = {}): object => ({
  QUESTION: 'Does it help?',
  CONTEXTS: ['Background.', 'Results.'],
  LONG_ANSWER: 'It does.',
  final_decision: 'yes',
  ...changes,
});

/** The CSV of rows. */
export const csvOf = (...rows: readonly object[]): string => csv(rows);
