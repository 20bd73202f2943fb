/** Which sign-in form a client gets: that of the service that its servers are of. */
import { type Servers, serviceOf } from '../../account.ts';
import type { SignInForm } from './form.ts';
import { mailboxForm, mailForm } from './mail-form.ts';
import { missiveForm } from './missive-form.ts';
import type { LoginFields, OwnerFields } from './pages.ts';

/** The form of a client: who gets access to what. */
export function signInForm(servers: Servers): SignInForm<LoginFields> {
  return 'missive' in servers ? missiveForm(servers.missive) : mailForm(servers);
}

/** The form at /account: whose grants are shown. */
export function ownerForm(servers: Servers): SignInForm<OwnerFields> {
  return 'missive' in servers ? missiveForm(servers.missive) : mailboxForm(servers);
}

/** Whom nothing was sent to while somebody has to wait. */
export const serverWords = (servers: Servers): string =>
  serviceOf(servers) === 'missive' ? 'Missive' : 'the mail server';
