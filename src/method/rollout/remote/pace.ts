/** When the next request may go: requests and tokens are spread evenly over the minute, and a server that asks for a pause gets it. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Turns of one server; all its requests go through the same one. */
export interface Pace {
  /** Waits for a turn. `tokens` is what the request may take at most. Rejects with the signal's reason when it is aborted. */
  turn(tokens: number, signal?: AbortSignal): Promise<void>;
  /** Gives back what a request has not used: `tokens` is the difference, negative when it used more. */
  giveBack(tokens: number): void;
  /** No turn before so many seconds from now. */
  hold(seconds: number): void;
}

/** A limit of 0 is none. */
export function createPace({
  requestsPerMinute,
  tokensPerMinute,
}: {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}): Pace {
  const perRequest = requestsPerMinute > 0 ? 60_000 / requestsPerMinute : 0;
  const perToken = tokensPerMinute > 0 ? 60_000 / tokensPerMinute : 0;
  let requestsAt = 0;
  let tokensAt = 0;
  let heldUntil = 0;
  return {
    async turn(tokens, signal) {
      const now = performance.now();
      const at = Math.max(now, requestsAt, tokensAt);
      requestsAt = at + perRequest;
      tokensAt = Math.max(now, tokensAt) + tokens * perToken;
      for (;;) {
        const wait = Math.max(at, heldUntil) - performance.now();
        if (wait <= 0) return;
        await sleep(wait, undefined, { signal });
      }
    },
    giveBack: (tokens) => {
      tokensAt -= tokens * perToken;
    },
    hold: (seconds) => {
      heldUntil = Math.max(heldUntil, performance.now() + seconds * 1000);
    },
  };
}
