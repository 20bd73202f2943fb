/** Starts Postfix: submission with implicit TLS, STARTTLS or neither, which delivers to Dovecot only. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from './certificates.ts';
import type { DovecotSockets } from './dovecot.ts';
import { greets, type RestartableServer, startServer } from './server-process.ts';

/** The only domain: users whose names start with `u-` or `p-` exist; all others are refused with 550 at RCPT. */
export const MAIL_DOMAIN = 'example.test';
/** Refused with 451 at RCPT: temporary. */
export const BUSY_RECIPIENT = `busy@${MAIL_DOMAIN}`;
/** Refused with 550 at RCPT: permanent, but not because the user is unknown. */
export const REFUSING_RECIPIENT = `refusing@${MAIL_DOMAIN}`;
/** Refused with 550 at RCPT: no such user. */
export const UNKNOWN_RECIPIENT = `unknown-user@${MAIL_DOMAIN}`;
/** Largest accepted message, in bytes; announced by SIZE (RFC 1870). */
const MESSAGE_SIZE_LIMIT_BYTES = 20_000_000;

const USERS = `/^[up]-[a-z0-9-]+@${MAIL_DOMAIN.replaceAll('.', '\\.')}$/`;

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

const QUEUE_FOLDERS = [
  ...['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'maildrop', 'saved', 'trace'],
  ...['private', 'public'],
];

export interface PostfixOptions {
  /** Implicit TLS. */
  tlsPort: number;
  /** STARTTLS is required. */
  starttlsPort: number;
  /** No TLS; AUTH is accepted. */
  cleartextPort: number;
  certificate: KeyPair;
  dovecot: DovecotSockets;
  /** True: every address exists, and mail to those that are no users is accepted and discarded. */
  acceptsAll?: boolean;
}

/** Reports whether the queue is empty: each message was delivered or refused. */
export function isQueueEmpty(scratch: string): boolean {
  const queue = join(scratch, 'postfix', 'queue');
  return ['maildrop', 'incoming', 'active', 'deferred'].every((name) =>
    readdirSync(join(queue, name), { recursive: true, withFileTypes: true }).every((entry) => !entry.isFile()),
  );
}

export async function startPostfix(scratch: string, options: PostfixOptions): Promise<RestartableServer> {
  const folder = join(scratch, 'postfix');
  const config = join(folder, 'config');
  const logFile = join(folder, 'log');
  mkdirSync(config, { recursive: true });
  makeQueue(folder);
  const files = {
    'main.cf': mainCf(folder, logFile, options),
    'master.cf': masterCf(options),
    users: `${options.acceptsAll ? '/^/' : USERS} exists\n`,
    transports: `!${USERS} discard:\n`,
    recipients: `${BUSY_RECIPIENT} 451 4.7.1 Come back later\n${REFUSING_RECIPIENT} 550 5.7.1 Not from you\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(config, name), text);
    // Postfix waits two seconds before it reads a file that has just been written.
    utimesSync(join(config, name), LONG_AGO, LONG_AGO);
  }
  return startServer(scratch, {
    name: 'postfix',
    // `postfix start` would take two seconds for its checks, and would leave the process group that is killed at the end.
    command: 'sh',
    args: ['-c', 'exec "$(postconf -h daemon_directory)/master" -s'],
    env: { MAIL_CONFIG: config },
    logFile,
    isReady: () => greets(options.starttlsPort, '220'),
  });
}

/** Creates the folders that `postfix check` creates, in a tenth of the time. */
function makeQueue(folder: string): void {
  const queue = join(folder, 'queue');
  const own = QUEUE_FOLDERS.map((name) => join(queue, name));
  for (const made of [...own, join(queue, 'pid'), join(folder, 'data')]) mkdirSync(made, { recursive: true });
  execFileSync('chown', ['postfix', ...own, join(folder, 'data')]);
}

function mainCf(folder: string, logFile: string, options: PostfixOptions): string {
  const { certificate, dovecot, acceptsAll = false } = options;
  return `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${logFile}
maillog_file_prefixes = ${folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
local_recipient_maps =
local_transport = error:there are no local users
default_transport = error:nothing leaves this machine
disable_dns_lookups = yes
smtp_host_lookup = native
mynetworks = 127.0.0.1/32
message_size_limit = ${MESSAGE_SIZE_LIMIT_BYTES}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = ${MAIL_DOMAIN}
virtual_mailbox_maps = regexp:${folder}/config/users
virtual_transport = lmtp:unix:${dovecot.lmtp}
${acceptsAll ? `transport_maps = regexp:${folder}/config/transports` : ''}
smtpd_tls_cert_file = ${certificate.cert}
smtpd_tls_key_file = ${certificate.key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${dovecot.sasl}
smtpd_sasl_auth_enable = yes
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access texthash:${folder}/config/recipients, reject_unlisted_recipient, permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
# Tests send wrong passwords and recipients on purpose: no delay after them, and no limit on their number.
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
smtpd_client_auth_rate_limit = 0
`;
}

function masterCf({ tlsPort, starttlsPort, cleartextPort }: PostfixOptions): string {
  return `
127.0.0.1:${tlsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:${starttlsPort} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
127.0.0.1:${cleartextPort} inet n - n - - smtpd -o smtpd_tls_security_level=none
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
