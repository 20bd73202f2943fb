/** Dovecot: IMAP over TLS and STARTTLS, LMTP for Postfix, and a poorer twin on the same mail. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from './certificates.ts';
import { greets, type RestartableServer, startServer } from './server-process.ts';

/** Owner of all mail: no account of the machine, and not root, for whom Dovecot opens no mailbox. */
export const MAIL_UID = 5000;

/** The fixed password of every user whose name starts with `u-`. */
export const USER_PASSWORD = 'correct-horse-battery-staple';

/** IMAP4rev1 and what no server of this century lacks; above all no UIDPLUS, MOVE, SPECIAL-USE, LIST-STATUS, ESEARCH, LITERAL+. */
const POOR_CAPABILITIES = 'IMAP4rev1 SASL-IR ID NAMESPACE';

export interface MailStore {
  /** Folder with one home a user; its Maildir is `<user>/Maildir`. */
  homes: string;
  /** Folder with one passwd-file a user, for users whose name starts with `p-`. */
  passwords: string;
}

export function makeMailStore(scratch: string): MailStore {
  const store = { homes: join(scratch, 'mail'), passwords: join(scratch, 'passwords') };
  mkdirSync(store.homes);
  chownSync(store.homes, MAIL_UID, MAIL_UID);
  mkdirSync(store.passwords);
  return store;
}

export interface DovecotOptions {
  /** `imap-only`: as the rich one, without LMTP. */
  kind: 'rich' | 'poor' | 'imap-only';
  tlsPort: number;
  /** STARTTLS is offered and, as the peer is this machine, cleartext logins are taken too. */
  starttlsPort: number;
  certificate: KeyPair;
  store: MailStore;
}

export interface DovecotSockets {
  /** For `virtual_transport = lmtp:unix:…`. */
  lmtp: string;
  /** For `smtpd_sasl_path`. */
  sasl: string;
}

export function dovecotSockets(scratch: string): DovecotSockets {
  const run = join(scratch, 'dovecot-rich', 'run');
  return { lmtp: join(run, 'lmtp'), sasl: join(run, 'auth-postfix') };
}

export async function startDovecot(scratch: string, options: DovecotOptions): Promise<RestartableServer> {
  const name = `dovecot-${options.kind}`;
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'run'), { recursive: true });
  const config = join(folder, 'dovecot.conf');
  const logFile = join(folder, 'log');
  writeFileSync(config, configuration(folder, logFile, options));
  return startServer(scratch, {
    name,
    command: 'dovecot',
    args: ['-F', '-c', config],
    logFile,
    isReady: () => greets(options.starttlsPort, '* OK'),
  });
}

function configuration(folder: string, logFile: string, options: DovecotOptions): string {
  const { certificate, store } = options;
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${logFile}
instance_name = ${options.kind}
protocols = imap${options.kind === 'rich' ? ' lmtp' : ''}
listen = 127.0.0.1
default_client_limit = 4000
default_process_limit = 700

ssl = yes
ssl_cert = <${certificate.cert}
ssl_key = <${certificate.key}

auth_username_format = %Lu
# Tests give wrong passwords on purpose and must not wait for it: no delay, and no penalty for the address they all share.
auth_failure_delay = 0 secs
passdb {
  driver = static
  args = noauthenticate=yes nodelay=yes
  result_success = continue
  result_failure = continue
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = static
  username_filter = u-*
  args = password=${USER_PASSWORD}
}
passdb {
  driver = passwd-file
  username_filter = p-*
  args = ${store.passwords}/%u
}
userdb {
  driver = static
  args = uid=${MAIL_UID} gid=${MAIL_UID} home=${store.homes}/%u allow_all_users=yes
}
service auth {
  unix_listener auth-postfix {
    mode = 0660
    user = postfix
  }
}

mail_location = maildir:~/Maildir
mailbox_list_index = yes
# Nothing here outlives the run, so nothing has to reach the disk.
mail_fsync = never
namespace inbox {
  inbox = yes
  separator = /
${specialUse(['Drafts', 'Sent', 'Trash', 'Junk', 'Archive'])}
}

service imap-login {
  inet_listener imap {
    port = ${options.starttlsPort}
  }
  inet_listener imaps {
    port = ${options.tlsPort}
    ssl = yes
  }
  service_count = 0
  process_min_avail = 1
}
service imap {
  # A process is used again for the next login: saves starting one.
  service_count = 100
}
protocol imap {
  mail_max_userip_connections = 200
${options.kind === 'poor' ? `  imap_capability = ${POOR_CAPABILITIES}` : ''}
}
${options.kind === 'rich' ? `service lmtp {\n  unix_listener lmtp {\n    mode = 0666\n  }\n}` : ''}
`;
}

function specialUse(names: string[]): string {
  return names.map((name) => `  mailbox ${name} {\n    auto = subscribe\n    special_use = \\${name}\n  }`).join('\n');
}
