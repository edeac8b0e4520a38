/** What a worker says of the inputs as they are now; what it said of earlier ones stays in sight until then. */
import { useEffect, useState } from 'preact/hooks';

export interface Latest<T> {
  readonly value?: T;
  readonly problem?: string;
}

/**
 * Asks again when an input changes. While an answer is on its way, of all changes only the last is asked for: sliders move faster
 * than a model answers.
 */
export function useLatest<T>(ask: (() => Promise<T>) | undefined, inputs: readonly unknown[]): Latest<T> {
  const [latest, setLatest] = useState<Latest<T>>({});
  const [queue] = useState<{ next?: () => Promise<T>; busy: boolean }>({ busy: false });
  useEffect(() => {
    queue.next = ask;
    if (!ask || queue.busy) return;
    const work = async (): Promise<void> => {
      queue.busy = true;
      while (queue.next) {
        const run = queue.next;
        queue.next = undefined;
        const answer = await run().then(
          (value) => ({ value }),
          (error: Error) => ({ problem: error.message }),
        );
        setLatest((old) => ({ ...old, problem: undefined, ...answer }));
      }
      queue.busy = false;
    };
    void work();
  }, inputs);
  return latest;
}
