/** Chooses the sign-in form by the service that the servers of a client belong to. */
import type { Servers } from '../../account.ts';
import type { AccountFormView, SignInFormView } from '../pages/views.ts';
import type { SignInForm } from './form.ts';
import { mailboxForm, mailForm } from './mail-form.ts';
import { missiveForm } from './missive-form.ts';

/** The form that connects an account to a client. */
export function signInForm(servers: Servers): SignInForm<SignInFormView> {
  return 'missive' in servers ? missiveForm(servers.missive) : mailForm(servers);
}

/** The form of `/account`: the credentials that identify the account owner are enough. */
export function accountForm(servers: Servers): SignInForm<AccountFormView> {
  return 'missive' in servers ? missiveForm(servers.missive) : mailboxForm(servers);
}
