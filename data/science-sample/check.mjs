/**
 * Works out every numeric answer of the sample anew, from the numbers in its question, and compares: `node data/science-sample/check.mjs`.
 * Exit status 1 when an answer is off by more than 1 percent, or has no line here.
 */
import { readFileSync } from 'node:fs';

const { PI, sqrt, log, log10, exp, sin, cos, tan, asin } = Math;
const g = 9.81; // m/s^2
const R = 8.314; // J/(mol K)
const c = 2.998e8; // m/s
const h = 6.626e-34; // J s
const e = 1.602e-19; // C
const F = 96485; // C/mol
const electron = 9.109e-31; // kg
const proton = 1.673e-27; // kg
const sigma = 5.67e-8; // W/(m^2 K^4)
const year = 3.156e7; // s
const degree = PI / 180;

/** Answers by id, in the unit of the row. */
const values = {
  'ph-05': (1200 * 20) / 8,
  'ph-06': 0.5 * 4.2 * (80 - 20),
  'ph-07': 343 / 440,
  'ph-08': sqrt(2 * 9.8 * 5),
  'ch-05': (4 / 2) * 18,
  'ch-06': -log10(0.001),
  'ch-07': (25 * 0.12) / 0.2,
  'ch-08': (0.5 * 8.314 * 300) / 10,
  'bi-05': 200 / 4,
  'bi-06': 500 * 2 ** 6,
  'bi-07': 20000 * 0.1 ** 2,
  'bi-08': 100 * 2 * sqrt(0.09) * (1 - sqrt(0.09)),
  'ea-05': 5730 * 2,
  'ea-06': 4e-5 * 10e6,
  'ea-07': 20 / (1 / 3.5 - 1 / 6),
  'ea-08': 25 - 9.8 * 2,
  // Physics
  'sb-01': sqrt(2 * g * (sin(30 * degree) - 0.2 * cos(30 * degree)) * 3),
  'sb-02': 100 * ((0.3 * 4) / 0.8) * sqrt(0.8 / 120),
  'sb-03': 22e3 * 470e-6 * log(9 / (9 - 6)),
  'sb-04': (h * c) / 310e-9 / e - 2.3,
  'sb-05': ((3.986e14 * (12 * 3600) ** 2) / (4 * PI ** 2)) ** (1 / 3) / 1000 - 6371,
  'sb-06': 600 * ((343 + 20) / (343 - 20) - 1),
  'sb-07': 1 / (1 / 15 + 1 / (1 / (1 / 20 - 1 / 30) - 40)),
  'sb-08': 85 / ((0.6 * 255) / (298 - 255)),
  'sb-09': (100 * sqrt((2 * proton * 2000) / e)) / 0.15,
  'sb-10': 1000 * PI * 0.03 ** 2 * sqrt((2 * 12e3) / 1000 / (4 ** 2 - 1)),
  'sb-11': (2 * 2.5) / sqrt((4 * g * 1.2) / 3),
  'sb-12': 100 * exp((-12e3 / (0.995 * c) / 2.2e-6) * sqrt(1 - 0.995 ** 2)),
  'sb-13': (1e9 * h * c) / (((9 - 4) * h ** 2) / (8 * electron * (0.8e-9) ** 2)),
  'sb-14': 120 * (tan(asin(650e-9 * 500e3)) - tan(asin(450e-9 * 500e3))),
  // Chemistry
  'sb-15': 4.76 + log10((10 * 0.15) / (50 * 0.2 - 10 * 0.15)),
  'sb-16': (35 / 70.9) * (2 / 3) * 133.3,
  'sb-17': 22 - ((4.25 / 80.04) * 25.7e3) / ((60 + 4.25) * 4.18),
  'sb-18': 1.1 - (0.05916 / 2) * log10(0.5 / 0.002),
  'sb-19': (R * log(3)) / (1 / 298 - 1 / 318) / 1000,
  'sb-20': 100 * sqrt(0.15 / (0.15 + 4 * 0.5)),
  'sb-21': ((12 / 1.86) * 2.5 * 62.07) / 1000,
  'sb-22': (((2.5 * 45 * 60) / (2 * F)) * 63.55 * 1e4) / 8.96 / 50,
  'sb-23': (1.8e-10 / 0.02) * 5 * 143.3 * 1e6,
  'sb-24': (0.512 * R * (98 + 273.15)) / (99 * 0.25),
  'sb-25': (1 / 0.15 - 1 / 0.6) / 0.042,
  'sb-26': (100 / 44.1) * (6 * 805 + 8 * 463 - 8 * 413 - 2 * 347 - 5 * 498),
  'sb-27': (0.42 / 2100) * 10 * 0.25 * 320 * 1000,
  // Biology
  'sb-28': ((1000 * R * 310) / F) * log(4.5 / 140),
  'sb-29': 5000 * 0.06 ** 2,
  'sb-30': (80 * 3) / (2 * (1 + 1.5 / 0.5) + 3),
  'sb-31': log(600 / (900 - 600) / (100 / (900 - 100))) / 0.4,
  'sb-32': (180 * 0.9 * 150) / 27,
  'sb-33': ((250 / (200 - 150)) * 1000) / 72,
  'sb-34': 100 * ((1 - (96 + 94) / 1000) / 2) ** 2,
  'sb-35': 4.6e6 / (2 * 900) / 60,
  'sb-36': (80 * (0.03 / 70) ** 0.75) / 0.03,
  // Earth and sky
  'sb-37': (4 * PI * ((1 / 0.04) * 3.086e16) ** 2 * 5e-10) / 3.83e26,
  'sb-38': (((1361 * 0.8) / 1.5 ** 2) * (1 - 0.25) / (4 * sigma)) ** 0.25,
  'sb-39': (50 - 35) * (1 - 2800 / 3300),
  'sb-40': 600 / ((2e-4 * (3 / 250)) / 0.3) / year,
  'sb-41': (4.47 / log(2)) * log(1 + 0.31),
  'sb-42': 0.7 * 696000 * sqrt(0.011),
  'sb-43': (2 / 3) * (log10(3e10 * 40e3 * 15e3 * 1.8) - 9.1),
  'sb-44': (0.035 * 120e6 * 0.4) / 86400,
};

const rows = ['train', 'test'].flatMap((split) =>
  readFileSync(new URL(`${split}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)),
);
const numeric = rows.filter(({ metadata }) => metadata.kind === 'numeric');
const wrong = numeric.filter(({ id, answer }) => !(Math.abs(Number(answer) / values[id] - 1) <= 0.01));
for (const { id, answer } of wrong) process.stderr.write(`${id}: the answer is ${answer}, worked out it is ${values[id]}\n`);
process.stdout.write(`${numeric.length - wrong.length} of ${numeric.length} numeric answers agree\n`);
process.exitCode = wrong.length > 0 ? 1 : 0;
if (process.argv.includes('--values')) process.stdout.write(`${JSON.stringify(values, null, 1)}\n`);
