/** Makes the sign-in form of a mailbox whose account owner signs in at a provider: no password, and everything else may stay empty. */
import type { LoginProblem, MailServers, ProviderSignIn } from '../../mail/account.ts';
import { isTimeZone } from '../../text/time-zone.ts';
import type { ProviderAccountFormView, ProviderFormView } from '../pages/views.ts';
import { providerOf } from '../upstream/providers.ts';
import type { Approved, FilledForm, FormProblem, SignInForm } from './form.ts';
import { sealedIdentities, TOO_LONG_TOGETHER } from './identities.ts';
import { BLANK_MAIL_FIELDS, type MailFields, readMailFields } from './mail-fields.ts';
import { mailLoginProblems } from './mail-login-problems.ts';
import { validateProviderFields } from './validate-mail-fields.ts';

type ProviderServers = MailServers & { signIn: ProviderSignIn };

export function providerForm(servers: ProviderServers): SignInForm<ProviderFormView> {
  const fill = (fields: MailFields, approved?: Approved): FilledForm<ProviderFormView> => ({
    ...common(fields, servers, approved),
    validate(fits) {
      const problems = validateProviderFields(fields, isAddressMissing(servers, approved));
      if (problems.length > 0 || approved === undefined || fits === undefined) return problems;
      return fits(credentialsOf(fields, approved)) ? [] : [tooLong(fields)];
    },
    timeZone: fields.timeZone !== undefined && isTimeZone(fields.timeZone) ? fields.timeZone : undefined,
    identities: sealedIdentities(fields),
    afterRefusal: (refusal, reference) => ({
      problems: problemsOf(refusal, servers, reference),
      form: fill(named(fields, approved)),
    }),
    view: (problemAt) => ({
      service: 'provider',
      title: providerOf(servers.signIn).title,
      problem: problemAt('provider') ?? problemAt('imap_server') ?? problemAt('smtp_server'),
      needsAddress: needsAddress(servers.signIn),
      isTimeZoneTicked: fields.timeZone !== '',
      hasOtherAddress: !needsAddress(servers.signIn) && fields.email !== '',
      areDetailsOpen:
        [fields.identities, fields.fullName].some((typed) => typed !== '') ||
        (['full_name', 'email', 'identities'] as const).some((place) => problemAt(place) !== undefined),
      fields: {
        full_name: { value: fields.fullName, problem: problemAt('full_name') },
        email: { value: fields.email, problem: problemAt('email') },
        identities: { value: fields.identities, problem: problemAt('identities') },
      },
    }),
  });
  return {
    blank: fill(BLANK_MAIL_FIELDS),
    startingWith: (email) => fill({ ...BLANK_MAIL_FIELDS, email }),
    read: (parameters, approved) => fill(readMailFields(parameters), approved),
  };
}

/** The form of `/account`: the account that opens the mailbox sees what was granted for it. */
export function providerAccountForm(servers: ProviderServers): SignInForm<ProviderAccountFormView> {
  const fill = (fields: MailFields, approved?: Approved): FilledForm<ProviderAccountFormView> => ({
    ...common(fields, servers, approved),
    validate: () => validateProviderFields(fields, isAddressMissing(servers, approved)),
    afterRefusal: (refusal, reference) => ({
      problems: problemsOf(refusal, servers, reference),
      form: fill(named(fields, approved)),
    }),
    view: (problemAt) => ({
      service: 'provider',
      title: providerOf(servers.signIn).title,
      problem: problemAt('provider') ?? problemAt('imap_server'),
      needsAddress: needsAddress(servers.signIn),
      hasOtherAddress: !needsAddress(servers.signIn) && fields.email !== '',
      fields: { email: { value: fields.email, problem: problemAt('email') } },
    }),
  });
  return {
    blank: fill(BLANK_MAIL_FIELDS),
    startingWith: (email) => fill({ ...BLANK_MAIL_FIELDS, email }),
    read: (parameters, approved) => fill(readMailFields(parameters), approved),
  };
}

/** With the address that the provider has named, so that it can be corrected. */
const named = (fields: MailFields, approved: Approved | undefined): MailFields => ({
  ...fields,
  email: fields.email || (approved?.address ?? ''),
});

/** Whether the account owner has to type it: before the sign-in at the provider, or because it has named none. */
const isAddressMissing = ({ signIn }: ProviderServers, approved: Approved | undefined): boolean =>
  approved === undefined ? needsAddress(signIn) : approved.address === undefined;

/** A provider without ID tokens names no address. */
const needsAddress = (signIn: ProviderSignIn): boolean => providerOf(signIn).endpoints !== undefined;

function common(fields: MailFields, { signIn }: ProviderServers, approved: Approved | undefined) {
  return {
    credentials: () => credentialsOf(fields, approved),
    approval: approved?.facts,
    provider: { signIn, hint: fields.email || undefined },
    waitPlace: 'provider' as const,
  };
}

/** What was typed takes precedence over what the provider says. */
const credentialsOf = ({ fullName, email }: MailFields, approved: Approved | undefined) => ({
  name: fullName || (approved?.name ?? ''),
  email: email || (approved?.address ?? ''),
  imap: { password: '' },
});

const tooLong = ({ identities }: MailFields): FormProblem =>
  identities === ''
    ? { place: 'provider', sentence: (t) => t.problems.providerTooLong, isLasting: true }
    : TOO_LONG_TOGETHER;

const problemsOf = (
  refusal: readonly (LoginProblem | { service: 'missive' })[],
  servers: MailServers,
  reference: string | undefined,
): FormProblem[] =>
  mailLoginProblems(
    refusal.filter((problem): problem is LoginProblem => problem.service !== 'missive'),
    { useSameCredentials: false },
    { servers, reference },
  );
