/** Rules for whom an answer goes to. */
import { describe, expect, test } from 'vitest';
import { replyRecipients } from '../../../src/mail/derived/reply-recipients.ts';

const person = (text: string) => {
  const [, name = '', address = text] = /^(.*) <(.*)>$/.exec(text) ?? [];
  return { name, address };
};
const people = (...texts: string[]) => texts.map(person);

function recipients(
  fields: { from?: string[]; replyTo?: string[]; to?: string[]; cc?: string[] },
  { toAll = false, isOwn = false, own = ['me@example.test'] } = {},
) {
  const from = people(...(fields.from ?? ['Ann <ann@example.test>']));
  const { to, cc } = replyRecipients(
    {
      from,
      replyTo: fields.replyTo === undefined ? from : people(...fields.replyTo),
      to: people(...(fields.to ?? ['me@example.test'])),
      cc: people(...(fields.cc ?? [])),
    },
    { toAll, isOwn, isOwnAddress: (address) => own.includes(address.toLowerCase()) },
  );
  return { to: to.map(({ address }) => address), cc: cc.map(({ address }) => address) };
}

describe('a reply', () => {
  test('goes to the author alone, also if others were addressed', () => {
    expect(recipients({ to: ['me@example.test', 'bo@example.test'], cc: ['cy@example.test'] })).toEqual({
      to: ['ann@example.test'],
      cc: [],
    });
  });

  test('goes to Reply-To in place of From', () => {
    expect(recipients({ replyTo: ['desk@example.test', 'two@example.test'] }).to).toEqual([
      'desk@example.test',
      'two@example.test',
    ]);
  });

  test('goes to From if Reply-To names the account owner alone', () => {
    expect(recipients({ replyTo: ['ME@example.test'] }).to).toEqual(['ann@example.test']);
  });

  test('to a message of the account owner goes to its recipients', () => {
    const own = { from: ['me@example.test'], to: ['bo@example.test'], cc: ['cy@example.test'] };
    expect(recipients(own, { isOwn: true })).toEqual({ to: ['bo@example.test'], cc: [] });
    expect(recipients(own, { isOwn: true, toAll: true })).toEqual({ to: ['bo@example.test'], cc: ['cy@example.test'] });
  });

  test('to a note of the account owner to the same address goes there again', () => {
    expect(recipients({ from: ['me@example.test'], to: ['me@example.test'] }, { isOwn: true }).to).toEqual([
      'me@example.test',
    ]);
  });

  test('has no recipient where the original has no valid address', () => {
    expect(recipients({ from: ['Team <>'], to: ['x'] })).toEqual({ to: [], cc: [] });
  });
});

describe('an answer to all', () => {
  test('goes to the author and the other recipients, without the addresses of the account owner', () => {
    const original = {
      to: ['me@example.test', 'bo@example.test'],
      cc: ['Alias@example.test', 'cy@example.test'],
    };
    expect(recipients(original, { toAll: true, own: ['me@example.test', 'alias@example.test'] })).toEqual({
      to: ['ann@example.test', 'bo@example.test'],
      cc: ['cy@example.test'],
    });
  });

  test('names each address once, in any case, and first where it counts more', () => {
    const original = {
      to: ['Ann@EXAMPLE.test', 'bo@example.test', 'BO@example.test', 'bö@bücher.example', 'bö@xn--bcher-kva.example'],
      cc: ['ann@example.test', 'Bo@Example.Test', 'cy@example.test', 'cy@example.test'],
    };
    expect(recipients(original, { toAll: true })).toEqual({
      to: ['ann@example.test', 'bo@example.test', 'bö@xn--bcher-kva.example'],
      cc: ['cy@example.test'],
    });
  });
});
