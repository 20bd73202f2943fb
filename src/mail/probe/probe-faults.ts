/** Declares every fault that a probe of a mail server can find: its sentence, and the remedy in the flags of `generate`. */
import type { MailServer } from '../account.ts';

export type MailService = 'imap' | 'smtp';

/** What a sentence is about. `detail`: what the server has shown, without any text of it but names of a certificate. */
interface About {
  service: MailService;
  server: MailServer;
  detail: string;
}

interface Declared {
  /** `setup`: nothing but a change of settings helps. `passing`: another attempt may succeed. */
  kind: 'setup' | 'passing';
  sentence(about: About): string;
  remedy(about: About): string;
}

const at = ({ server: { host, port } }: About): string => `${host}:${port}`;
const nameOf = (service: MailService): string => service.toUpperCase();
const otherOf = (service: MailService): MailService => (service === 'imap' ? 'smtp' : 'imap');
const usualPorts = ({ service }: About): string =>
  service === 'imap' ? '993 (TLS) or 143 (STARTTLS)' : '465 (TLS) or 587 (STARTTLS)';
const checkPort = (about: About): string =>
  `Check --${about.service}-port: it is usually ${usualPorts(about)}, and the mail provider says which.`;
/** Where nothing answers, the host may be the wrong one too: exchanged with that of the other service, both ports are the usual ones. */
const checkPlace = (about: About): string =>
  `Check --${about.service}-host and --${about.service}-port: the port is usually ${usualPorts(about)}, and the mail provider says both.`;
const renew = (about: About): string =>
  `The operator of ${about.server.host} has to install a valid certificate; until then no password is sent there.`;

const speaks = (protocol: string): Declared => ({
  kind: 'setup',
  sentence: (about) => `${at(about)} speaks ${protocol}, not ${nameOf(about.service)}.`,
  remedy: checkPort,
});

const swapped: Declared = {
  kind: 'setup',
  sentence: (about) => `${at(about)} speaks ${nameOf(otherOf(about.service))}, not ${nameOf(about.service)}.`,
  remedy: ({ service }) =>
    `Correct --${service}-host and --${service}-port: they may be exchanged with --${otherOf(service)}-host and --${otherOf(service)}-port.`,
};

const DECLARED = {
  dns_unknown: {
    kind: 'setup',
    sentence: ({ server: { host } }) => `${host} has no DNS entry.`,
    remedy: ({ service }) =>
      `Check the spelling of --${service}-host. If it is right, check the DNS settings of this machine.`,
  },
  dns_unavailable: {
    kind: 'passing',
    sentence: ({ server: { host } }) => `The name ${host} could not be looked up: the DNS server does not answer.`,
    remedy: () => 'Check the DNS settings of this machine or container.',
  },
  refused: {
    kind: 'passing',
    sentence: (about) => `${at(about)} refuses connections: nothing listens there.`,
    remedy: checkPlace,
  },
  no_answer: {
    kind: 'passing',
    sentence: (about) => `${at(about)} does not answer: the packets are dropped.`,
    remedy: (about) =>
      `Check --${about.service}-host, --${about.service}-port and the firewall: many hosters block outgoing connections to mail ports.`,
  },
  unreachable: {
    kind: 'passing',
    sentence: (about) => `${at(about)} could not be reached (${about.detail}).`,
    remedy: () => 'Check the network of this machine or container.',
  },
  lost: {
    kind: 'passing',
    sentence: (about) => `${at(about)} closed the connection before the login.`,
    remedy: () => 'Try again; if it stays so, the server may allow known addresses only.',
  },
  silent: {
    kind: 'passing',
    sentence: (about) => `${at(about)} accepts connections and says nothing.`,
    remedy: checkPort,
  },
  turned_away: {
    kind: 'passing',
    sentence: (about) => `${at(about)} turned the connection away${about.detail}.`,
    remedy: () => 'Try again later; the server may limit connections, or allow known addresses only.',
  },
  speaks_tls: {
    kind: 'setup',
    sentence: (about) => `${at(about)} speaks TLS from the first byte.`,
    remedy: ({ service }) => `Add --${service}-ssl.`,
  },
  speaks_cleartext: {
    kind: 'setup',
    sentence: (about) => `${at(about)} does not speak TLS from the first byte.`,
    remedy: ({ service }) => `Use --no-${service}-ssl, which means STARTTLS.`,
  },
  speaks_imap: swapped,
  speaks_smtp: swapped,
  speaks_http: speaks('HTTP'),
  speaks_pop3: speaks('POP3'),
  speaks_other: {
    kind: 'setup',
    sentence: (about) => `${at(about)} does not speak ${nameOf(about.service)}.`,
    remedy: checkPort,
  },
  certificate_expired: {
    kind: 'setup',
    sentence: (about) => `The certificate of ${at(about)} has expired${about.detail}.`,
    remedy: renew,
  },
  certificate_early: {
    kind: 'setup',
    sentence: (about) => `The certificate of ${at(about)} is not valid yet${about.detail}.`,
    remedy: () => 'Check the clock of this machine first.',
  },
  certificate_name: {
    kind: 'setup',
    sentence: (about) => `The certificate of ${at(about)} is for another name${about.detail}.`,
    remedy: ({ service }) => `Use the name that the certificate has as --${service}-host.`,
  },
  certificate_self_signed: {
    kind: 'setup',
    sentence: (about) => `The certificate of ${at(about)} is self-signed.`,
    remedy: () => 'Put it into a PEM file and set NODE_EXTRA_CA_CERTS to its path, or install a public certificate.',
  },
  certificate_unknown_ca: {
    kind: 'setup',
    sentence: (about) =>
      `The certificate of ${at(about)} was issued by an authority that is not known here, or is sent without its chain.`,
    remedy: () =>
      'Install the whole chain on the mail server, or set NODE_EXTRA_CA_CERTS to the path of the PEM file of the authority.',
  },
  certificate_other: {
    kind: 'setup',
    sentence: (about) => `The certificate of ${at(about)} is not valid (${about.detail}).`,
    remedy: renew,
  },
  tls_version: {
    kind: 'setup',
    sentence: (about) => `${at(about)} speaks no TLS version that is accepted here: 1.2 or later is required.`,
    remedy: (about) => `The operator of ${about.server.host} has to enable TLS 1.2 or 1.3.`,
  },
  tls_failed: {
    kind: 'setup',
    sentence: (about) => `The TLS handshake with ${at(about)} failed (${about.detail}).`,
    remedy: (about) =>
      `Check --${about.service}-host and --${about.service}-port, and the TLS settings of the mail server.`,
  },
  no_starttls: {
    kind: 'setup',
    sentence: (about) => `${at(about)} offers no STARTTLS, and passwords are not sent without encryption.`,
    remedy: ({ service }) =>
      `Use the port for TLS with --${service}-ssl (${service === 'imap' ? 993 : 465}), or enable STARTTLS on the mail server.`,
  },
  no_auth: {
    kind: 'setup',
    sentence: (about) => `${at(about)} offers no login with a password${about.detail}.`,
    remedy: ({ service, server: { port, security } }) => {
      if (security === 'cleartext') return 'Leave --allow-cleartext out: the server may take passwords with TLS only.';
      if (service === 'smtp' && port === 25) return 'Port 25 is for other mail servers: use 465 or 587.';
      return 'Ask the mail provider if mail programs may use a password, and which server takes it.';
    },
  },
  no_tokens: {
    kind: 'setup',
    sentence: (about) => `${at(about)} takes no access tokens of providers (OAUTHBEARER, XOAUTH2).`,
    remedy: () => 'Leave --sign-in out if the server takes passwords, or enable these mechanisms on it.',
  },
  preauth: {
    kind: 'setup',
    sentence: (about) => `${at(about)} opens a mailbox without a login.`,
    remedy: () => 'Configure the mail server so that it requires a login.',
  },
} satisfies Record<string, Declared>;

export type ProbeCode = keyof typeof DECLARED;

/** The names of all faults, for documents and tests. */
export const PROBE_CODES = Object.keys(DECLARED);

/** One fault of a mail server. */
export interface ProbeFault extends Pick<Declared, 'kind'> {
  service: MailService;
  code: ProbeCode;
  sentence: string;
  remedy: string;
}

export function probeFault(code: ProbeCode, about: Omit<About, 'detail'> & { detail?: string }): ProbeFault {
  const declared: Declared = DECLARED[code];
  const whole = { detail: '', ...about };
  const { service } = about;
  return { service, code, kind: declared.kind, sentence: declared.sentence(whole), remedy: declared.remedy(whole) };
}
