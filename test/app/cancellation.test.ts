import { describe, expect, test } from 'vitest';
import { createCancellation } from '../../src/app/cancellation.ts';

const gone = () => AbortSignal.abort(new Error('cancelled'));

describe('MCP-11 a call', () => {
  test('runs every step while its client is connected', async () => {
    const cancellation = createCancellation(new AbortController().signal);
    const steps = [cancellation.begin, cancellation.commit, cancellation.complete].map((run) => run(async () => 'ran'));
    expect(await Promise.all(steps)).toEqual(['ran', 'ran', 'ran']);
  });

  test('runs no step after its client has disconnected', async () => {
    const cancellation = createCancellation(gone());
    for (const run of [cancellation.begin, cancellation.commit, cancellation.complete]) {
      await expect(run(async () => expect.unreachable())).rejects.toThrow('cancelled');
    }
  });

  test('whose client disconnects after the send completes it, and begins nothing else', async () => {
    const client = new AbortController();
    const cancellation = createCancellation(client.signal);
    await cancellation.commit(async () => client.abort(new Error('cancelled')));
    expect(await cancellation.complete(async () => 'completed')).toBe('completed');
    await expect(cancellation.begin(async () => expect.unreachable())).rejects.toThrow('cancelled');
    await expect(cancellation.commit(async () => expect.unreachable())).rejects.toThrow('cancelled');
  });

  test('is not interrupted within a step when its client disconnects', async () => {
    const client = new AbortController();
    const cancellation = createCancellation(client.signal);
    const step = cancellation.begin(async () => {
      client.abort(new Error('cancelled'));
      return 'ended';
    });
    expect(await step).toBe('ended');
  });
});
