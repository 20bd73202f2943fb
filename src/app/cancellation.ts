/**
 * Stops a call before its next step once the client has disconnected, but completes a send that has begun (MCP-11).
 *
 * The signal is aborted only in protocol era 2026, in which a client cancels a request by disconnecting.
 */
export interface Cancellation {
  /** The signal until commit(); undefined afterwards, when steps complete the committed one. */
  readonly signal: AbortSignal | undefined;
  /** Runs a step unless the client has disconnected. @throws {ToolError} the reason of the signal */
  begin<T>(step: () => Promise<T>): Promise<T>;
  /** As begin(), for a step that cannot be undone, such as a send. Once it has begun, the steps of `complete` run in any case. */
  commit<T>(step: () => Promise<T>): Promise<T>;
  /** As begin() before any commit(); afterwards it always runs the step, which completes the committed one. */
  complete<T>(step: () => Promise<T>): Promise<T>;
}

export function createCancellation(cancelled: AbortSignal): Cancellation {
  let isCommitted = false;
  return {
    get signal() {
      return isCommitted ? undefined : cancelled;
    },
    async begin(step) {
      cancelled.throwIfAborted();
      return step();
    },
    async commit(step) {
      cancelled.throwIfAborted();
      isCommitted = true;
      return step();
    },
    async complete(step) {
      if (!isCommitted) cancelled.throwIfAborted();
      return step();
    },
  };
}
