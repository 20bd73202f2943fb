/**
 * Ends a call whose client has gone before its next step, and never halfway through a send (MCP-11).
 *
 * The signal is aborted in the protocol era in which a client cancels a request by closing its connection, and only there.
 */
export interface Cancellation {
  /** Runs a step unless the client has gone. @throws {ToolError} the reason of the signal */
  begin<T>(step: () => Promise<T>): Promise<T>;
  /** As begin(), for the step that has an effect on others. Once it has begun, the steps of `complete` run in any case. */
  commit<T>(step: () => Promise<T>): Promise<T>;
  /** As begin(), for a step that may have to complete what was committed. */
  complete<T>(step: () => Promise<T>): Promise<T>;
}

export function createCancellation(cancelled: AbortSignal): Cancellation {
  let isCommitted = false;
  return {
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
