/**
 * Ray's dashboard as far as it is needed: which machines a cluster has, and jobs that are submitted, asked for and stopped. Its answers are
 * not trusted: each is read field by field.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { InputError, UnavailableError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import { PassingFailure } from '../../method/rollout/remote/failures';
import { type Answer, exchange, isGood, parseObject } from '../../method/rollout/remote/post';
import { shortText } from '../../method/rollout/remote/text';

/** What a machine of a cluster offers; memory in bytes. */
export interface Machine {
  readonly cores: number;
  readonly memory: number;
}

export interface Job {
  readonly id: string;
  /** A line for a shell. */
  readonly entrypoint: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** How far a job is; `message` says why it ended. */
export interface JobState {
  readonly ended: boolean;
  readonly message: string;
}

/** A dashboard. Every method throws InputError where it refuses, UnavailableError where it does not answer. */
export interface Dashboard {
  /** Throws InputError where there is no Ray cluster at the address, or one without a machine that computes. */
  machines(signal?: AbortSignal): Promise<Machine[]>;
  submit(job: Job): Promise<void>;
  /** Undefined where the cluster does not know the job. */
  state(id: string): Promise<JobState | undefined>;
  /** What the job printed. */
  printed(id: string): Promise<string>;
  stop(id: string): Promise<void>;
  close(): void;
}

const EXAMPLE = 'as in --ray http://127.0.0.1:8265';
/** Seconds for an answer: a busy cluster may take long, and nothing waits for it but the user. */
const PATIENCE = 60;

/** The address of a dashboard, without a slash at its end. Throws InputError for what is none. */
export function dashboardAddress(text: string): string {
  if (/^ray:/i.test(text))
    throw new InputError(
      `--ray takes the address of Ray's dashboard, ${EXAMPLE}; ${shortText(text)} is that of Ray's client.`,
    );
  const full = text.includes('://') ? text : `http://${text}`;
  const url = /^https?:\/\/[^/]/i.test(full) && URL.canParse(full) ? new URL(full) : undefined;
  if (!url) throw new InputError(`--ray must be the address of Ray's dashboard, ${EXAMPLE}.`);
  if (url.username || url.password || url.search || url.hash)
    throw new InputError(
      `--ray names ${url.host} with a user, a password, a query or a #; leave them out: a token belongs in RAY_AUTH_TOKEN.`,
    );
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Opens a dashboard; nothing is sent yet. The token, where the cluster asks for one, is that of the environment. */
export function openDashboard(address: string): Dashboard {
  const connections = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  const key = process.env.RAY_AUTH_TOKEN || undefined;
  const ask = async (path: string, { body, signal }: { body?: object; signal?: AbortSignal } = {}): Promise<Answer> => {
    const asked = { url: address + path, key, connections, timeoutSeconds: PATIENCE };
    try {
      return await exchange({ ...asked, ...(body && { body }), ...(signal && { signal }) });
    } catch (error) {
      if (!(error instanceof PassingFailure)) throw error;
      throw new UnavailableError(`${address} does not answer (${error.message}); check that the Ray cluster is up.`);
    }
  };
  const read = (answer: Answer, what: string): Record<string, unknown> => {
    const said = `${answer.status}: ${shortText(answer.text, key)}`;
    if (answer.status === 401 || answer.status === 403)
      throw new InputError(`${address} lets nobody in without its token (${said}); set RAY_AUTH_TOKEN to it.`);
    const json = isGood(answer) ? parseObject(answer.text) : undefined;
    if (!json)
      throw new InputError(`${address} ${what} (${said}); --ray takes the address of Ray's dashboard, ${EXAMPLE}.`);
    return json;
  };
  const pathOf = (id: string): string => `/api/jobs/${encodeURIComponent(id)}`;
  return {
    machines: async (signal) => {
      const version = await ask('/api/version', { signal }).catch((error) => {
        if (!(error instanceof UnavailableError)) throw error;
        throw new InputError(
          `${error.message.replace(/;.*/, '')}; start a Ray cluster (docs/scale.md), or correct the address.`,
        );
      });
      if (typeof read(version, 'is no Ray cluster').ray_version !== 'string')
        throw new InputError(`${address} is no Ray cluster; --ray takes the address of its dashboard, ${EXAMPLE}.`);
      const found = machinesIn(
        read(await ask('/api/v0/nodes?detail=1&limit=10000', { signal }), 'does not list its nodes'),
      );
      if (found.length === 0)
        throw new InputError(`The Ray cluster at ${address} has no node with a core to compute on.`);
      return found;
    },
    submit: async ({ id, entrypoint, environment }) => {
      const body = { submission_id: id, entrypoint, runtime_env: { env_vars: environment } };
      read(await ask('/api/jobs/', { body }), 'takes no job');
    },
    state: async (id) => {
      const answer = await ask(pathOf(id));
      if (answer.status === 404) return undefined;
      const { status, message } = read(answer, 'does not say how far a job is');
      const ended = ['STOPPED', 'SUCCEEDED', 'FAILED'].includes(String(status));
      return { ended, message: shortText(typeof message === 'string' ? message : String(status)) };
    },
    printed: async (id) => {
      const { logs } = read(await ask(`${pathOf(id)}/logs`), 'does not show what a job printed');
      return typeof logs === 'string' ? logs : '';
    },
    stop: async (id) => {
      await ask(`${pathOf(id)}/stop`, { body: {} });
    },
    close: () => {
      connections.http.destroy();
      connections.https.destroy();
    },
  };
}

/** The machines of the cluster at an address; fails as `machines` does. */
export async function machinesOf(address: string, signal?: AbortSignal): Promise<Machine[]> {
  const dashboard = openDashboard(address);
  try {
    return await dashboard.machines(signal);
  } finally {
    dashboard.close();
  }
}

function machinesIn({ data }: Record<string, unknown>): Machine[] {
  const result = isObject(data) && isObject(data.result) ? data.result.result : undefined;
  const nodes = (Array.isArray(result) ? result : []).filter(isObject);
  return nodes.flatMap(({ state, resources_total: total }) => {
    const { CPU: cores, memory } = isObject(total) ? total : {};
    if (state !== 'ALIVE' || typeof cores !== 'number' || typeof memory !== 'number' || cores < 1) return [];
    return { cores: Math.floor(cores), memory };
  });
}
