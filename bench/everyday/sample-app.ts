/** Starts the server at the time of a sample mailbox, and signs in to an account that has its messages. */
import type { MailAccount } from '../../src/mail/account.ts';
import { signIn } from '../../test/support/app/person.ts';
import { type Assistant, signInFields, startApp, type TestApp } from '../../test/support/app/start-app.ts';
import type { SampleMailbox } from './everyday-mailbox.ts';
import { OWN_MAIL_SERVER } from './letter.ts';

export interface SampleApp extends AsyncDisposable {
  /** Signs in to the account as the owner of the mailbox. */
  assistant(account: MailAccount): Promise<Assistant>;
}

/** The clock of the server begins at the time of the mailbox, and goes on. */
export async function startSampleApp({ owner, now }: SampleMailbox): Promise<SampleApp> {
  const startedAt = performance.now();
  const app: TestApp = await startApp(
    { MAIL_MCP_LOG_LEVEL: 'WARN' },
    () => new Date(now.getTime() + performance.now() - startedAt),
  );
  return {
    assistant: (account) =>
      app.assistant(account, {
        flags: { timeZone: owner.timeZone, authservId: [OWN_MAIL_SERVER] },
        onSignInPage: (url) => signIn(url, { ...signInFields(account), identities: owner.identities.join('\n') }),
      }),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}
