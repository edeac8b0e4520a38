/**
 * A run of two workers, killed at random ten times (one of the two at a time, by SIGKILL) and resumed each time, must end with the weights of
 * the run that nobody disturbed.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { distance, machine, rcsd, required, rows, tensorsOf } from './real.mjs';

const KILLS = 10;
const STEPS = 40;
const SEED = 1;
const SETTINGS = [
  ...['model=microscience', 'data=microscience', 'algorithm=grpo', 'workers=2', `steps=${STEPS}`, 'batch_size=8', 'num_generations=4'],
  ...['max_tokens=40', 'lora.rank=8', 'learning_rate=0.001', 'checkpoint_every=3', 'keep_checkpoints=3'],
  ...['evaluation.questions=7', 'evaluation.samples=1', 'evaluation.max_tokens=40'],
];

/** Random numbers in [0, 1) that a seed repeats (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** The other worker, a child of the first one. */
function workerBelow(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return children.find((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('experiments/worker');
    } catch {
      return false;
    }
  });
}

/** Runs everything below `work`; returns the report. */
export async function prove({ work, command }) {
  const random = randomFrom(SEED);
  const path = (name) => join(work, name);
  const words = (name) =>
    existsSync(join(path(name), 'config.json'))
      ? ['train', '--resume', path(name), '--wait']
      : ['train', ...SETTINGS, `runs=${work}`, `name=${name}`, '--wait'];
  const stepsOf = (name) => rows(path(name), 'metrics.jsonl').length;

  const whole = await rcsd(words('whole'));
  required(whole.status === 0, `the undisturbed run ends${whole.status === 0 ? '' : `: ${whole.text.slice(-600)}`}`);

  const kills = [];
  while (kills.length < KILLS) {
    // A step at random behind those that are done, while enough are left for the other kills; then a moment within it.
    const done = stepsOf('killed');
    const room = Math.max(1, Math.floor((STEPS - done) / (KILLS - kills.length)));
    const at = Math.min(STEPS - 1, done + 1 + Math.floor(room * random()));
    const who = random() < 0.5 ? 0 : 1;
    const delay = 1000 * random();
    let since;
    let hit = false;
    const ended = await rcsd(words('killed'), (child) => {
      if (hit || stepsOf('killed') < at) return;
      since ??= Date.now();
      if (Date.now() - since < delay) return;
      const target = who === 0 ? child.pid : workerBelow(child.pid);
      if (target === undefined) return;
      process.kill(target, 'SIGKILL');
      hit = true;
    });
    if (!hit) throw new Error(`failed: the run was over before kill ${kills.length + 1}: ${ended.text.slice(-300)}`);
    const sentence = ended.text.trim().split('\n').at(-1);
    kills.push({ who, done: stepsOf('killed'), how: ended.signal ?? `status ${ended.status}` });
    console.log(`kill ${kills.length}: worker ${who} after ${stepsOf('killed')} steps; ${ended.signal ?? `status ${ended.status}: ${sentence}`}`);
  }
  const last = await rcsd(words('killed'));
  required(last.status === 0, `the run that was killed ${KILLS} times ends${last.status === 0 ? '' : `: ${last.text.slice(-600)}`}`);

  const checkpoint = `step-${String(STEPS).padStart(6, '0')}`;
  const weights = (name) => tensorsOf(path(name), 'checkpoints', checkpoint, 'adapter_model.safetensors');
  const apart = distance(await weights('whole'), await weights('killed'));
  required(apart === 0, 'it has the weights of the undisturbed run');
  const steps = rows(path('killed'), 'metrics.jsonl').map(({ step }) => step);
  required(steps.every((step, i) => step === i + 1) && steps.length === STEPS, 'every step stands once in its metrics');
  const completions = (name) => rows(path(name), 'completions.jsonl').map((row) => `${row.step} ${row.completion_ids.join()}`).join('\n');
  required(completions('whole') === completions('killed'), 'its completions are those of the undisturbed run');
  const left = readdirSync(path('killed')).filter((name) => /partial|lock/.test(name));
  required(left.length === 0, 'nothing half-written is left');

  return `# Two workers, killed ten times

Written by \`${command}\`. ${machine()}.

\`rcsd train ${SETTINGS.join(' ')}\` ran once undisturbed. Then the same run was killed ${KILLS} times, at a random step and a random moment in it, by SIGKILL of
one of its two workers (drawn at random, seed ${SEED}), and resumed each time.

| kill | worker | steps in metrics.jsonl after it | the command ended by |
|---|---|---|---|
${kills.map(({ who, done, how }, i) => `| ${i + 1} | ${who} | ${done} | ${how} |`).join('\n')}

- The weights after step ${STEPS} differ from those of the undisturbed run by ${apart}.
- Each of the ${STEPS} steps stands once in metrics.jsonl, and the ${rows(path('killed'), 'completions.jsonl').length} completions are the same, token for token.
- No lock and no half-written file is left.
`;
}
