// Draws the answers of a long evaluation in one process and watches what it holds: the graphs that are kept are bounded, so that its
// memory is level once they are there.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { lib } from './readers.mjs';

const SELF = fileURLToPath(import.meta.url);
const SAMPLES = 4;

/** The process that draws: one line of JSON for every `every` answers. */
async function draw(answers, every) {
  const model = await lib('engine/model/load.js').openModel('microscience');
  const { task, test } = lib('questions/load.js').loadTask('microscience');
  const { graphCounts } = lib('engine/tensors/compile.js');
  const settings = { questions: 0, samples: SAMPLES, temperature: 1, top_p: 0.95, top_k: 0, max_tokens: 64 };
  let done = 0;
  let told = 0;
  for (let seed = 1; done < answers; seed++) {
    const request = { model, task, views: task.views, questions: test, settings, seed };
    await lib('results/evaluation/answerers.js').localAnswerer(request)({
      has: () => done >= answers,
      hear: (rows) => {
        done += rows.length;
        if (done - told < every) return;
        told = done;
        process.stdout.write(
          `${JSON.stringify({ answers: done, megabytes: process.memoryUsage.rss() / 1e6, traces: graphCounts().traces })}\n`,
        );
      },
    });
  }
}

/**
 * Memory over `answers` answers. It is level when the last half adds less than a tenth of what the first quarter ends with.
 */
export async function memory({ answers, log = () => {} }) {
  const rows = [];
  await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SELF, String(answers)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const lines = text.split('\n');
      text = lines.pop();
      for (const line of lines) {
        rows.push(JSON.parse(line));
        log(line);
      }
    });
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`drawing ended with ${code}`))));
  });
  const at = (share) => rows[Math.min(rows.length - 1, Math.floor(share * rows.length))].megabytes;
  const [half, end] = [at(0.5), at(1)];
  const faults =
    end - half < 0.1 * at(0.25)
      ? []
      : [
          {
            kind: 'memory grows',
            message: `${half.toFixed(0)} MB after half of the answers, ${end.toFixed(0)} MB after all`,
          },
        ];
  return { answers: rows.at(-1).answers, rows, faults };
}

if (process.argv[1] === SELF) await draw(Number(process.argv[2]), Math.ceil(Number(process.argv[2]) / 20));
