/** Starts Dovecot: IMAP over TLS and STARTTLS, LMTP for Postfix, and a second server without extensions on the same mail. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from './certificates.ts';
import { greets, type RestartableServer, startServer } from './server-process.ts';

/** Owner of all mail: not an account of the machine, and not root, for which Dovecot opens no mailbox. */
export const MAIL_UID = 5000;

/** The fixed password of every user whose name starts with `u-`. */
export const USER_PASSWORD = 'correct-horse-battery-staple';

/** IMAP4rev1 and the extensions that every current server has: no UIDPLUS, MOVE, SPECIAL-USE, LIST-STATUS, ESEARCH or LITERAL+. */
const BASIC_CAPABILITIES = 'IMAP4rev1 SASL-IR ID NAMESPACE';

export interface MailStore {
  /** Folder with one home per user; the Maildir is `<user>/Maildir`. */
  homes: string;
  /** Folder with one passwd-file per user, for users whose name starts with `p-`. */
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
  /** `full`: all extensions, and LMTP. `basic`: IMAP without extensions. `imap-only`: as `full`, without LMTP. */
  kind: 'full' | 'basic' | 'imap-only';
  tlsPort: number;
  /** STARTTLS is offered; cleartext logins are accepted too, because the peer is this machine. */
  starttlsPort: number;
  certificate: KeyPair;
  store: MailStore;
  /** Present: access tokens are accepted beside passwords, after they were examined at this URL (RFC 7662). Its users are those of the tokens. */
  introspectionUrl?: string;
  /** With `introspectionUrl`: the public key (PEM) of access tokens that are JWTs, which are validated here (RFC 9068). Its key ID is `one`. */
  tokenKey?: string;
}

export interface DovecotSockets {
  /** For `virtual_transport = lmtp:unix:…`. */
  lmtp: string;
  /** For `smtpd_sasl_path`. */
  sasl: string;
}

export function dovecotSockets(scratch: string): DovecotSockets {
  const run = join(scratch, 'dovecot-full', 'run');
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
  return [
    serverSection(folder, logFile, options),
    authSection(options.store),
    options.tokenKey === undefined ? '' : localSection(folder, options.tokenKey),
    options.introspectionUrl === undefined ? '' : oauthSection(folder, options.introspectionUrl),
    mailSection(),
    imapSection(options),
    options.kind === 'full' ? LMTP_SECTION : '',
  ].join('\n');
}

const serverSection = (folder: string, logFile: string, { kind, certificate }: DovecotOptions) => `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${logFile}
instance_name = ${kind}
protocols = imap${kind === 'full' ? ' lmtp' : ''}
listen = 127.0.0.1
default_client_limit = 4000
default_process_limit = 700

ssl = yes
ssl_cert = <${certificate.cert}
ssl_key = <${certificate.key}
`;

const authSection = (store: MailStore) => `
auth_username_format = %Lu
# Tests send wrong passwords on purpose: no delay, and no penalty for the IP address, which all tests share.
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
`;

function oauthSection(folder: string, introspectionUrl: string): string {
  const file = join(folder, 'oauth2.conf');
  writeFileSync(
    file,
    `introspection_mode = post
introspection_url = ${introspectionUrl}
username_attribute = sub
active_attribute = active
active_value = true
timeout_msecs = 2000
`,
  );
  return `
auth_mechanisms = plain login oauthbearer xoauth2
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = ${file}
}
`;
}

/** Tokens that are no JWTs are left to the other passdb. */
function localSection(folder: string, key: string): string {
  const file = join(folder, 'oauth2-local.conf');
  const keys = join(folder, 'keys');
  // By the client that a token names, which these do not; by algorithm, and by key ID.
  mkdirSync(join(keys, 'default', 'RS256'), { recursive: true });
  writeFileSync(join(keys, 'default', 'RS256', 'one'), key);
  writeFileSync(
    file,
    `introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${keys}/
username_attribute = sub
`,
  );
  return `
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = ${file}
}
`;
}

const mailSection = () => `
mail_location = maildir:~/Maildir
mailbox_list_index = yes
# The mail is deleted after the run, so nothing has to be flushed to disk.
mail_fsync = never
namespace inbox {
  inbox = yes
  separator = /
${['Drafts', 'Sent', 'Trash', 'Junk', 'Archive'].map(specialUseMailbox).join('\n')}
}
`;

const imapSection = ({ kind, starttlsPort, tlsPort }: DovecotOptions) => `
service imap-login {
  inet_listener imap {
    port = ${starttlsPort}
  }
  inet_listener imaps {
    port = ${tlsPort}
    ssl = yes
  }
  service_count = 0
  process_min_avail = 1
}
service imap {
  # Reuses a process for later logins, which saves starting one.
  service_count = 100
}
protocol imap {
  mail_max_userip_connections = 200
${kind === 'basic' ? `  imap_capability = ${BASIC_CAPABILITIES}` : ''}
}
`;

const LMTP_SECTION = `
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
`;

const specialUseMailbox = (name: string): string =>
  `  mailbox ${name} {\n    auto = subscribe\n    special_use = \\${name}\n  }`;
