/** Decides which addresses belong to the organization: those of its users, and those of their domains. */
import { z } from 'zod';
import { isMailProvider } from '../../../mail/sender/mail-providers.ts';
import type { MissiveApi } from '../../../missive/api.ts';
import { unreadable } from '../answers/unreadable.ts';

export interface OwnPeople {
  isOwn(address: string): boolean;
  /** The address of the owner of the API token. */
  me: { name: string; address: string } | undefined;
}

const Users = z.object({
  users: z.array(z.object({ me: z.boolean().nullish(), name: z.string().nullish(), email: z.string().catch('') })),
});

export async function readOwnPeople(api: MissiveApi): Promise<OwnPeople> {
  const content = await api.request({ http: 'GET', path: '/users', query: { limit: '200' } });
  const { data } = Users.safeParse(content);
  // Without them everyone would be from outside.
  if (data === undefined) throw unreadable();
  const { users } = data;
  const addresses = new Set(users.map(({ email }) => email.toLowerCase()));
  // At a mail provider everyone has an address of the same domain.
  const domains = new Set([...addresses].map(domainOf).filter((domain) => domain !== '' && !isMailProvider(domain)));
  const me = users.find((user) => user.me === true);
  return {
    isOwn: (address) => addresses.has(address.toLowerCase()) || domains.has(domainOf(address)),
    me: me && { name: me.name ?? '', address: me.email },
  };
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();
