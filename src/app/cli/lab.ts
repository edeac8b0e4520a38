/** `rcsd lab`: opens JupyterLab on the notebooks, with the kernel and the environment of this checkout only. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InputError } from '../../base/records/errors';
import { projectRoot } from '../../engine/files/models';
import type { Command } from './shared/command';

function startLab(words: readonly string[]): ChildProcess {
  const setup = join(projectRoot, 'kernel-setup');
  const bin = join(setup, '.venv', 'bin');
  if (!existsSync(join(bin, 'jupyter-lab')))
    throw new InputError('JupyterLab is not installed in this checkout; run "npm start" once.');
  const kernels = [join(setup, 'share', 'jupyter'), process.env.JUPYTER_PATH].filter(Boolean).join(delimiter);
  // In a process group of its own, so that Ctrl-C reaches only this program, which then stops Jupyter without its
  // question. Started as a Python module, because the script `jupyter` contains the path at which the checkout was set
  // up.
  return spawn(join(bin, 'python'), ['-m', 'jupyterlab', join(projectRoot, 'notebooks'), ...words], {
    cwd: projectRoot,
    env: { ...process.env, JUPYTER_PATH: kernels },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
}

export const command: Command = {
  positionals: '[-- JUPYTER ARGUMENTS]',
  options: [],
  notes: 'Arguments after -- are passed to JupyterLab. Ctrl-C stops it together with its kernels.',
  examples: ['rcsd lab', 'rcsd lab -- --no-browser --port 8899'],
  run({ positionals }, { signal }) {
    return new Promise((resolve, reject) => {
      const lab = startLab(positionals);
      const killGroup = () => lab.pid !== undefined && lab.exitCode === null && process.kill(-lab.pid, 'SIGKILL');
      process.once('exit', killGroup);
      signal.addEventListener('abort', () => lab.kill('SIGTERM'), { once: true });
      lab.once('error', (error) => reject(new InputError(`JupyterLab cannot be started (${error.message}).`)));
      lab.once('exit', (code) => {
        process.off('exit', killGroup);
        if (code === 0 || signal.aborted) resolve();
        else reject(new Error(`JupyterLab ended with status ${code}; its own message is above`));
      });
    });
  },
};
