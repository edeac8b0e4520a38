/** Errors that a user can act on; the command line prints the message alone and exits with `exitCode`. */
import { printable } from './printable';

/** The longest message, in characters. */
export const MESSAGE_LIMIT = 600;

/**
 * An error whose message is all that there is to say, and the exit status of the command that ends with it. A message may quote files
 * of others: whatever they hold, it becomes one printable line of at most `MESSAGE_LIMIT` characters.
 */
export abstract class ToldError extends Error {
  abstract readonly exitCode: number;

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message, MESSAGE_LIMIT), options);
  }

  /** What a notebook or Node prints of it: one line without a stack trace, unless DEBUG is set. @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return process.env.DEBUG ? String(this.stack) : `${this.name}: ${this.message}`;
  }
}

/** Bad input: one sentence that names the file, line or field and says what to do. Exit code 2. */
export class InputError extends ToldError {
  readonly exitCode: number = 2;
  override name = 'InputError';
}

/**
 * Numbers of a model that are not finite, in `place` (a sentence's beginning that names the sample): nothing can be drawn, scored or
 * learned from them. Weights that training has not changed are bad input.
 */
export class NotFiniteError extends InputError {
  override name = 'NotFiniteError';

  constructor(readonly place: string) {
    super(
      `${place}: the weights of the model or its adapter hold numbers that are not finite, or overflow with this prompt; check the files they come from.`,
    );
  }
}

/** Work that was stopped by the user (Ctrl-C, an aborted signal); the message says what of it is kept, if anything is. Exit code 130. */
export class InterruptedError extends ToldError {
  readonly exitCode: number = 130;
  override name = 'InterruptedError';
}

/** Work that ended because another worker of the same run is gone or has failed; what was finished is kept. */
export class LostWorkerError extends InterruptedError {
  override name = 'LostWorkerError';

  constructor(
    message: string,
    override readonly exitCode: number,
  ) {
    super(message);
  }
}

/** A run that ended itself because its numbers ran away; the last good checkpoint is kept. Exit code 1. */
export class CollapseError extends ToldError {
  readonly exitCode: number = 1;
  override name = 'CollapseError';
}

/** Some of several pieces of work failed, each told by itself; the others are done. Exit code 1. */
export class PartlyFailedError extends ToldError {
  readonly exitCode: number = 1;
  override name = 'PartlyFailedError';
}

/** A server that did not answer, however often it was asked; what came before is kept. Exit code 1. */
export class UnavailableError extends ToldError {
  readonly exitCode: number = 1;
  override name = 'UnavailableError';
}

/** Throws `InterruptedError` when the signal has been aborted. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new InterruptedError('Stopped on request.');
}
