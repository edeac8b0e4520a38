/**
 * Decides when the next request may be sent: requests and tokens are spread evenly over the minute, and a pause that
 * the server asks for is kept.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** The turns of one server; all of its requests share this object. */
export interface Pace {
  /**
   * Waits for a turn. `tokens` is the most that the request can use. Rejects with the signal's reason when it is
   * aborted.
   */
  turn(tokens: number, signal?: AbortSignal): Promise<void>;
  /** Returns unused tokens to the budget; a negative number means that the request used more than it announced. */
  giveBack(tokens: number): void;
  /** Lets no request go for so many seconds. */
  hold(seconds: number): void;
}

/** A limit of 0 means no limit. */
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
