/** Checks credentials that were typed into a form at the real servers, throttled, and puts a refusal into sentences. */
import type { Request } from 'express';
import { type Account, type LoginProblem, type Servers, serviceOf } from '../../account.ts';
import type { InboxIdentity, MailServer } from '../../mail/account.ts';
import type { FilledForm, FormProblem } from '../forms/form.ts';
import { accountOf, mailboxIdOf } from '../sealed/identity.ts';
import type { OAuthServices } from '../services.ts';
import type { RememberedChoices } from './remembered-choices.ts';
import { createSignInThrottle, waitSentence } from './sign-in-throttle.ts';

/** What the page shows if the credentials are not accepted. */
interface Rejection<View> {
  form: FilledForm<View>;
  problems: readonly FormProblem[];
  /** Present if there were too many attempts: then the servers were not asked. */
  retryAfterSeconds?: number;
}

/** Where the credentials are used. */
interface CheckTarget {
  /** `jti` of the client that the sign-in is for, or a fixed name in its place; attempts are counted by it. */
  client: string;
  servers: Servers;
  /** `imap`: a mailbox is tried at its IMAP server alone. Absent: at its SMTP server too. */
  only?: 'imap';
}

/** `mailbox`: the id of the mailbox that the credentials open, where the mail server says which it is. */
type Checked<View> = { rejection: Rejection<View>; mailbox?: never } | { rejection?: never; mailbox?: string };

export type CheckCredentials = <View>(
  request: Request,
  form: FilledForm<View>,
  target: CheckTarget,
) => Promise<Checked<View>>;

/** @throws {UpstreamError} (from the returned function) if attempts cannot be counted */
export function createCredentialsCheck(
  services: OAuthServices,
  { browserOf }: Pick<RememberedChoices, 'browserOf'>,
): CheckCredentials {
  const { log, verifyLogin } = services;
  const throttle = createSignInThrottle(services);

  async function attempt(request: Request, account: Account, { client, only }: CheckTarget): Promise<Outcome> {
    const browser = await browserOf(request, account);
    const from = { address: request.ip, browser };
    const { waitSeconds, succeeded, withdraw } = await throttle.attempt({ clientJti: client, account, ...from });
    if (waitSeconds > 0) {
      log.info({ client, waitSeconds }, 'sign-in refused: too many attempts');
      return { waitSeconds, refusal: [] };
    }
    let mailbox: string | undefined;
    const identify = (inbox: InboxIdentity) => {
      mailbox = account.service === 'mail' ? mailboxIdOf(account, inbox) : undefined;
    };
    let isSent = false;
    const onLogin = () => {
      isSent = true;
    };
    const refusal = await verifyLogin(account, { isDiagnosed: true, identify, onLogin, ...(only && { only }) }).catch(
      async (error) => {
        if (!isSent) await withdraw();
        throw error;
      },
    );
    if (refusal.length === 0) await succeeded();
    else {
      const faults = refusal.map((problem) => ({ ...problem, ...endpointOf(account, problem.service) }));
      log[refusal.some(concernsCredentials) ? 'info' : 'warn'](
        { requestId: requestIdOf(request), client, faults },
        'sign-in refused by the servers',
      );
      if (!isSent && !refusal.some(concernsCredentials)) await withdraw();
    }
    return { waitSeconds: 0, refusal, mailbox };
  }

  return async function checkCredentials(request, form, target) {
    const { servers } = target;
    const { waitSeconds, refusal, mailbox } = await attempt(
      request,
      accountOf(form.credentials(), servers, form.approval),
      target,
    );
    if (waitSeconds > 0) {
      const sentence = waitSentence(waitSeconds, serviceOf(servers));
      const problems = [{ place: form.waitPlace, sentence }];
      return { rejection: { form, problems, retryAfterSeconds: waitSeconds } };
    }
    if (refusal.length > 0) return { rejection: form.afterRefusal(refusal, referenceOf(request)) };
    return mailbox === undefined ? {} : { mailbox };
  };
}

/** As the request log names it, and the response header. */
const requestIdOf = (request: Request): string | undefined => request.res?.get('X-Request-Id');

/** Short enough to be read out. */
const referenceOf = (request: Request): string | undefined => requestIdOf(request)?.slice(0, 8);

function endpointOf(account: Account, service: LoginProblem['service']): MailServer | { host: string } {
  if (account.service === 'missive') return { host: new URL(account.url).host };
  return service === 'smtp' ? account.smtp.server : account.imap.server;
}

const CREDENTIAL_FAULTS: ReadonlySet<LoginProblem['fault']> = new Set([
  ...(['credentials', 'app_password', 'no_passwords', 'smtp_auth_off', 'blocked', 'unsafe_login'] as const),
  ...(['no_api', 'rate_limited'] as const),
]);

/** True if a server has examined the credentials. */
const concernsCredentials = ({ fault }: LoginProblem): boolean => CREDENTIAL_FAULTS.has(fault);

interface Outcome {
  /** 0: the servers were asked. */
  waitSeconds: number;
  /** Empty if the servers accept the credentials. */
  refusal: readonly LoginProblem[];
  mailbox?: string | undefined;
}
