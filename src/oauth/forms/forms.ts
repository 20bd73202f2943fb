/**
 * Chooses the sign-in form by the servers of a client and their sign-in.
 *
 * Invariant: what was typed into a field for a secret is never sent back.
 */
import type { Servers } from '../../account.ts';
import type { MailServers, ProviderSignIn } from '../../mail/account.ts';
import type { AccountFormView, SignInFormView } from '../pages/views.ts';
import type { SignInForm } from './form.ts';
import { mailboxForm, mailForm } from './mail-form.ts';
import { missiveForm } from './missive-form.ts';
import { providerAccountForm, providerForm } from './provider-form.ts';

/** The form that connects an account to a client. */
export function signInForm(servers: Servers): SignInForm<SignInFormView> {
  if ('missive' in servers) return missiveForm(servers.missive);
  return hasProvider(servers) ? providerForm(servers) : mailForm(servers);
}

/** The form of `/account`: the credentials that identify the account owner are enough. */
export function accountForm(servers: Servers): SignInForm<AccountFormView> {
  if ('missive' in servers) return missiveForm(servers.missive);
  return hasProvider(servers) ? providerAccountForm(servers) : mailboxForm(servers);
}

const hasProvider = (servers: MailServers): servers is MailServers & { signIn: ProviderSignIn } =>
  servers.signIn !== undefined;
