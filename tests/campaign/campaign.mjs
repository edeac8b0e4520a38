// The slow proofs, by `npm run campaign [part=NAME,...] [seed=N] [inputs=N] [kills=N] [times=N] [answers=N] [jobs=N]
// [readers=NAME,...] [works=NAME,...] [report=FILE] [state=FILE]`: every reader gets spoilt inputs, long work is killed, starved of disk and started twice, hostile texts
// are opened in a browser, and the memory of a long evaluation is watched. It writes the report and ends with status 1 where a fault was
// found. What was random follows from the seed. A campaign that was stopped goes on by the same command: `state` says where it is.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { browse } from './browser.mjs';
import { fuzz } from './fuzz.mjs';
import { kill } from './kills.mjs';
import { memory } from './memory.mjs';
import { fillDisk, writeTwice } from './places.mjs';
import { root } from './readers.mjs';
import { reportOf } from './report.mjs';
import { openState } from './state.mjs';

const DEFAULTS = {
  part: 'readers,kills,disk,writers,browser,memory',
  seed: '1',
  inputs: '2000',
  kills: '20',
  times: '10',
  answers: '20000',
  jobs: '1',
  readers: '',
  works: '',
  report: join(root, 'docs', 'campaign.md'),
  state: '',
};

function settingsOf(words) {
  const given = Object.fromEntries(
    words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
  const unknown = Object.keys(given).find((name) => !(name in DEFAULTS));
  if (unknown !== undefined)
    throw new Error(`There is no setting ${unknown}; there are ${Object.keys(DEFAULTS).join(', ')}.`);
  const { part, readers, works, report, state, ...numbers } = { ...DEFAULTS, ...given };
  return {
    parts: part.split(','),
    ...(readers !== '' && { readers: readers.split(',') }),
    ...(works !== '' && { works: works.split(',') }),
    report,
    state,
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)])),
  };
}

const PARTS = { readers: fuzz, kills: kill, disk: fillDisk, writers: writeTwice, browser: browse, memory };

const { parts, report, state: stateFile, jobs, ...settings } = settingsOf(process.argv.slice(2));
const unknown = parts.find((part) => !PARTS[part]);
if (unknown !== undefined) throw new Error(`There is no part ${unknown}; there are ${Object.keys(PARTS).join(', ')}.`);
const state = stateFile === '' ? undefined : openState(stateFile, { parts, ...settings });
const found = {};
for (const part of parts) {
  const earlier = state?.of(part) ?? {};
  const started = Date.now();
  const seconds = () => (earlier.seconds ?? 0) + (Date.now() - started) / 1000;
  console.log(part);
  // A part that fails itself does not take the findings of the others with it.
  const work = () =>
    PARTS[part]({
      ...settings,
      jobs,
      log: (line) => console.log(`  ${new Date().toISOString().slice(11, 19)} ${line}`),
      noted: earlier.noted,
      note: (noted) => state?.note(part, { noted, seconds: seconds() }),
    }).catch((error) => ({ faults: [{ kind: 'the campaign itself failed', message: error.message }] }));
  const outcome = earlier.outcome ?? { ...(await work()), seconds: seconds() };
  state?.note(part, { outcome });
  found[part] = outcome;
  for (const fault of outcome.faults) console.log(`  fault: ${JSON.stringify(fault)}`);
}
const text = reportOf(found, {
  settings,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  node: process.versions.node,
  words: process.argv.slice(2).filter((word) => !/^(report|state|jobs)=/.test(word)),
});
if (report === '-') process.stdout.write(text);
else if (report !== 'none') writeFileSync(report, text);
const faults = Object.values(found).reduce((sum, { faults: own }) => sum + own.length, 0);
console.log(`${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
