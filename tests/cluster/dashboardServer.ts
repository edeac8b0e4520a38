/** A dashboard as Ray's: it runs the entry points of jobs, as processes that find `standIn/ray.py` in the place of Ray. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

interface Job {
  readonly child: ChildProcess;
  printed: string;
  status: string;
}

export interface DashboardServer {
  readonly address: string;
  /** By submission id. */
  readonly jobs: ReadonlyMap<string, Job>;
  close(): void;
}

const NODES = [
  { state: 'ALIVE', resources_total: { CPU: 1, memory: 4e9 } },
  { state: 'ALIVE', resources_total: { CPU: 1, memory: 3e9 } },
  { state: 'DEAD', resources_total: { CPU: 64, memory: 1e12 } },
];

function startJob(entrypoint: string, variables: Record<string, string>, withRay: boolean): Job {
  const path = withRay ? join(__dirname, 'standIn') : '';
  const env = { ...process.env, ...variables, PYTHONPATH: path };
  const child = spawn('sh', ['-c', entrypoint], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const job: Job = { child, printed: '', status: 'RUNNING' };
  const print = (data: unknown): void => {
    job.printed += String(data);
  };
  child.stdout?.on('data', print);
  child.stderr?.on('data', print);
  child.once('close', (status) => {
    if (job.status === 'RUNNING') job.status = status === 0 ? 'SUCCEEDED' : 'FAILED';
  });
  return job;
}

const bodyOf = async (message: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of message) text += chunk;
  return text;
};

/** Starts the server; `withRay` is whether the Python of its jobs finds the stand-in. */
export function startDashboard({ withRay = true } = {}): Promise<DashboardServer> {
  const jobs = new Map<string, Job>();
  const answer = async (message: IncomingMessage): Promise<object | undefined> => {
    const path = message.url ?? '';
    const body = await bodyOf(message);
    if (path === '/api/version') return { version: '4', ray_version: '2.60.0' };
    if (path.startsWith('/api/v0/nodes')) return { result: true, data: { result: { result: NODES } } };
    if (path === '/api/jobs/' && message.method === 'POST') {
      const { submission_id: id, entrypoint, runtime_env: environment } = JSON.parse(body);
      jobs.set(id, startJob(entrypoint, environment.env_vars, withRay));
      return { submission_id: id };
    }
    const [, id = '', what] = /^\/api\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const job = jobs.get(id);
    if (!job) return undefined;
    if (what === 'logs') return { logs: job.printed };
    if (what !== 'stop') return { status: job.status, message: '' };
    job.status = 'STOPPED';
    process.kill(-(job.child.pid ?? 0), 'SIGKILL');
    return { stopped: true };
  };
  const server = createServer((message: IncomingMessage, response: ServerResponse) => {
    void answer(message).then((json) => {
      response.writeHead(json ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(json ?? { detail: 'not found' }));
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const close = (): void => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ address: `http://127.0.0.1:${port}`, jobs, close });
    }),
  );
}
