/** Defines the demo with a mailbox in memory. */
import { randomBytes } from 'node:crypto';
import { OWNER } from './letters.ts';
import { startMailbox } from './mailbox.ts';
import type { Scenario } from './scenario.ts';
import { showMailTools } from './tour.ts';

export async function createMailScenario(): Promise<Scenario> {
  const { imapPort, smtpPort, username, password, close } = await startMailbox(randomBytes(6).toString('hex'));
  return {
    service: {
      title: 'A mailbox in memory',
      lines: [`IMAP on 127.0.0.1:${imapPort}, SMTP on 127.0.0.1:${smtpPort}`],
    },
    flags: [
      '--imap-host=127.0.0.1',
      `--imap-port=${imapPort}`,
      '--smtp-host=127.0.0.1',
      `--smtp-port=${smtpPort}`,
      '--allow-cleartext',
    ],
    login: {
      full_name: OWNER.fullName,
      email: OWNER.email,
      imap_username: username,
      imap_password: password,
      use_same_credentials: 'on',
    },
    credentialsText: `${OWNER.fullName}, ${username}, password ${password}`,
    showTools: (client, printStep) => showMailTools(client, OWNER.email, printStep),
    close,
  };
}
