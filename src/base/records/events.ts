/** How long operations report progress and are stopped. */

/** One progress report: `done` of `total` units (steps, rollouts, questions ...) of a named stage. */
export interface ProgressEvent {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Numbers worth showing beside the bar, e.g. `{loss: 0.12}`; null for one that is missing. */
  readonly metrics?: Readonly<Record<string, number | null>>;
  /** One short line of free text. */
  readonly detail?: string;
  /** A sentence to keep in sight: something that the user can act on. */
  readonly warning?: string;
}

/** Options that every long operation takes. */
export interface OperationOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** Passes a sentence on that a user should know and that belongs to no step. */
export const saying =
  ({ onProgress }: OperationOptions) =>
  (warning: string): void =>
    onProgress?.({ stage: 'note', done: 0, total: 0, warning });

/** The same options, with a name before that of every stage. */
export const underName = ({ signal, onProgress }: OperationOptions, name: string): OperationOptions => ({
  ...(signal && { signal }),
  ...(onProgress && { onProgress: (event) => onProgress({ ...event, stage: `${name}: ${event.stage}` }) }),
});

/** Lets timers, signals and the notebook's messages run; long loops await this once a step. */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
