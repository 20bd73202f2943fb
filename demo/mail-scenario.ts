/** Defines the demo with a mailbox in memory. */
import { randomBytes } from 'node:crypto';
import { OWNER } from './letters.ts';
import { startMailbox } from './mailbox.ts';
import type { Scenario } from './scenario.ts';
import { ALLOWED_RECIPIENTS, showMailTools } from './tour.ts';

export async function createMailScenario(): Promise<Scenario> {
  const mailbox = await startMailbox(randomBytes(4).toString('hex'));
  const { imapPort, smtpPort, username, password, close } = mailbox;
  return {
    title: 'a mailbox in memory, the server, and the official MCP client',
    flags: [
      `--imap-host=127.0.0.1 --imap-port=${imapPort} --smtp-host=127.0.0.1 --smtp-port=${smtpPort}`.split(' '),
      ['--allow-cleartext', `--recipients=${ALLOWED_RECIPIENTS}`, '--max-sends-per-hour=20'],
    ].flat(),
    login: {
      full_name: OWNER.fullName,
      email: OWNER.email,
      imap_username: username,
      imap_password: password,
      use_same_credentials: 'on',
    },
    answers: [OWNER.fullName, OWNER.email, username, password],
    credentialsText: `${username}, password ${password}`,
    example: { tool: 'list_mail_messages', args: { folder: 'INBOX', preview: '60' } },
    show: (tour) => showMailTools(tour, mailbox),
    close,
  };
}
