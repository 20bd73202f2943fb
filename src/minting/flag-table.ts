/** Declares the flags of `generate`, from which the command line, the JSON of the admin endpoint and the form at `/admin` are made. */
import type { z } from 'zod';
import type { Service } from '../account.ts';
import { PROVIDERS, SentCopy } from '../mail/account.ts';
import { MAIL_PROVIDERS } from '../mail/providers.ts';
import { METHOD_GROUPS } from '../mcp/permit/policy-input.ts';
import { toolsOf } from '../mcp/services.ts';
import { MAIL_TAGS, MISSIVE_TAGS } from '../mcp/tool.ts';
import { MISSIVE_URL } from '../missive/account.ts';
import { PRESETS } from '../oauth/client/presets.ts';
import { METHODS } from '../policy.ts';

/**
 * `text`: one value. `count`: a number. `switch`: given or not. `off`: the same of `--no-x`. `choice`: `--x`, `--no-x` or neither. `values`: repeatable,
 * each time one value. `list`: repeatable, values are separated by commas.
 */
type FlagKind = 'text' | 'count' | 'switch' | 'off' | 'choice' | 'values' | 'list';

/** A part of the form. `mail` and `missive` are for one service. */
export type FormGroup = 'mail' | 'missive' | 'client' | 'limits' | 'run';

interface FormField {
  group: FormGroup;
  label: string;
  hint?: string;
  /** An example, shown in the empty field. */
  example?: string;
  /** Folded: seldom used. */
  isRare?: true;
  /** For mailboxes only. */
  isForMail?: true;
  /** Title of the choice of no value. Absent: the first of the values is the default. */
  none?: string;
}

export interface Flag {
  kind: FlagKind;
  /** Placeholder of the value in the help. */
  argument?: string;
  /** In the help and in docs/configuration.md. */
  description: string;
  /** Of `--no-x`, of a choice. */
  negated?: string;
  /** All values that there are. Absent: any. */
  valuesOf?: (service: Service) => readonly string[];
  /** Absent: not in the form. */
  form?: FormField;
}

const ssl = (service: 'IMAP' | 'SMTP', port: number) =>
  ({
    kind: 'choice',
    description: `implicit TLS for ${service} (default: true if the port is ${port})`,
    negated: `STARTTLS for ${service}`,
    form: { group: 'mail', label: `${service} encryption` },
  }) as const;

/** In the order of the help. */
const FLAGS = {
  provider: {
    kind: 'text',
    argument: 'name',
    description: `mail provider whose servers are known, instead of the flags of IMAP and SMTP: ${MAIL_PROVIDERS.map(({ id }) => id).join(', ')}`,
    valuesOf: () => MAIL_PROVIDERS.map(({ id }) => id),
    form: {
      ...{ group: 'mail', label: 'Mail provider', none: 'Another one' },
      hint: 'If it is known, leave out its servers.',
    },
  },
  imapHost: {
    kind: 'text',
    argument: 'host',
    description: 'IMAP server hostname (required without --provider and --missive)',
    form: { group: 'mail', label: 'IMAP server', example: 'imap.example.com' },
  },
  imapPort: {
    kind: 'count',
    argument: 'port',
    description: 'IMAP port (default: 993)',
    form: { group: 'mail', label: 'IMAP port', example: '993' },
  },
  imapSsl: ssl('IMAP', 993),
  smtpHost: {
    kind: 'text',
    argument: 'host',
    description: 'SMTP submission server hostname (required without --provider and --missive)',
    form: { group: 'mail', label: 'SMTP server', example: 'smtp.example.com' },
  },
  smtpPort: {
    kind: 'count',
    argument: 'port',
    description: 'SMTP port (default: 465)',
    form: { group: 'mail', label: 'SMTP port', example: '465' },
  },
  smtpSsl: ssl('SMTP', 465),
  allowCleartext: {
    kind: 'switch',
    description: 'no encryption where ssl is false, instead of STARTTLS: for test servers only',
    form: { group: 'mail', label: 'No encryption instead of STARTTLS', hint: 'For test servers only.', isRare: true },
  },
  sentCopy: {
    kind: 'text',
    argument: 'when',
    description:
      'whether the server saves copies of sent mail: auto (default: unless the provider does), always, or never',
    valuesOf: () => SentCopy.options,
    form: {
      ...{ group: 'mail', label: 'Copies of sent mail', isRare: true },
      hint: 'Whether this server saves them. auto: unless the provider does.',
    },
  },
  authservId: {
    kind: 'values',
    argument: 'id',
    description:
      'first word of the Authentication-Results that the mail server writes, repeatable: what it says about senders is believed (default: known providers only)',
    form: {
      ...{ group: 'mail', label: 'Whose Authentication-Results are believed', isRare: true },
      hint: 'The first word of that field, as the mail server writes it; one on each line. Known providers need none.',
    },
  },
  signIn: {
    kind: 'text',
    argument: 'provider',
    description: `sign in at an OpenID provider instead of with a password: ${PROVIDERS.join(', ')}`,
    valuesOf: () => PROVIDERS,
    form: {
      ...{ group: 'mail', label: 'Sign-in', isRare: true, none: 'With a password, unless the provider takes none' },
      hint: 'At a provider instead of with a password.',
    },
  },
  upstreamIssuer: {
    kind: 'text',
    argument: 'url',
    description: 'with --sign-in=openid: the issuer identifier of the provider',
    form: { group: 'mail', label: 'Issuer of the provider', isRare: true, example: 'https://id.example.com' },
  },
  upstreamClientId: {
    kind: 'text',
    argument: 'id',
    description: 'client id of this server at the provider (default: that of the settings)',
    form: {
      ...{ group: 'mail', label: 'Client id at the provider', isRare: true },
      hint: 'Empty: that of the settings. With a secret of its own: by generate.',
    },
  },
  upstreamClientSecret: {
    kind: 'text',
    argument: 'secret',
    description: 'client secret of this server at the provider',
  },
  upstreamTenant: {
    kind: 'values',
    argument: 'id',
    description:
      'the only organization whose accounts may sign in, repeatable: a tenant id of Microsoft, or a domain of Google',
    form: { group: 'mail', label: 'Organizations', hint: 'Tenant ids or domains, one on each line.', isRare: true },
  },
  upstreamScope: {
    kind: 'values',
    argument: 'scope',
    description: 'with --sign-in=openid: a scope that gives access to the mail servers, repeatable',
    form: { group: 'mail', label: 'Scopes', hint: 'One on each line.', isRare: true },
  },
  missive: {
    kind: 'switch',
    description: 'a Missive account instead of a mailbox: excludes the flags of IMAP and SMTP',
    form: { group: 'missive', label: 'A Missive account' },
  },
  missiveUrl: {
    kind: 'text',
    argument: 'url',
    description: `base URL of the Missive API (default: ${MISSIVE_URL})`,
    form: { group: 'missive', label: 'URL of the Missive API', example: MISSIVE_URL },
  },
  preset: {
    kind: 'list',
    argument: 'names',
    description: `MCP clients to allow, separated by commas (default: claude, inspector): ${Object.keys(PRESETS).join(', ')}`,
    valuesOf: () => Object.keys(PRESETS),
    form: {
      ...{ group: 'client', label: 'Applications that may use it' },
      hint: 'None, and no redirect URI: Claude and MCP Inspector.',
    },
  },
  redirectUri: {
    kind: 'values',
    argument: 'uri',
    description: 'redirect URI to allow, repeatable',
    form: { group: 'client', label: 'Redirect URIs of other applications', hint: 'One on each line.' },
  },
  public: {
    kind: 'switch',
    description: 'no client secret: for clients that cannot keep one',
    form: { group: 'client', label: 'No client secret', hint: 'For applications that cannot keep one.' },
  },
  connection: {
    kind: 'switch',
    description:
      'print a value for DEFAULT_CONNECTION or CONNECTIONS, and its URL, instead of a client: servers and limits of dynamic clients (registered, or by metadata document)',
    form: {
      ...{ group: 'client', label: 'A value for DEFAULT_CONNECTION instead of a client', isRare: true },
      hint: 'Servers and limits of clients that register by themselves.',
    },
  },
  domain: {
    kind: 'values',
    argument: 'domain',
    description:
      'with --connection: a domain of the addresses that it is for, repeatable, where DEFAULT_CONNECTION has several; default: all other addresses',
    form: {
      ...{ group: 'client', label: 'Domains of addresses', isRare: true, isForMail: true },
      hint: 'Of a value for DEFAULT_CONNECTION that is one of several; one on each line. Empty: all other addresses.',
    },
  },
  name: {
    kind: 'text',
    argument: 'name',
    description: 'name of the client, shown on the sign-in page',
    form: { group: 'client', label: 'Name on the sign-in page', hint: 'Empty: the names of the applications.' },
  },
  timeZone: {
    kind: 'text',
    argument: 'zone',
    description: 'time zone for dates of accounts whose sign-in gives none, e.g. Europe/Berlin; default: UTC',
    form: {
      ...{ group: 'client', label: 'Time zone', isRare: true, isForMail: true, example: 'Europe/Berlin' },
      hint: 'Of accounts whose sign-in gives none. Empty: UTC.',
    },
  },
  methods: {
    kind: 'list',
    argument: 'names',
    description: `methods that are allowed: read (${METHOD_GROUPS.read?.join(', ')}), write (${METHOD_GROUPS.write?.join(', ')}) or single methods, separated by commas; default: all`,
    valuesOf: () => METHODS,
    form: { group: 'limits', label: 'Methods', hint: 'None ticked: all.' },
  },
  tags: {
    kind: 'list',
    argument: 'names',
    description: `areas that are allowed: ${MAIL_TAGS.join(', ')}; with --missive: ${MISSIVE_TAGS.join(', ')}; default: all`,
    valuesOf: (service) => (service === 'mail' ? MAIL_TAGS : MISSIVE_TAGS),
    form: { group: 'limits', label: 'Areas', hint: 'None ticked: all.' },
  },
  tools: {
    kind: 'list',
    argument: 'names',
    description: 'tools that are allowed; default: all',
    valuesOf: (service) => toolsOf(service).map(({ name }) => name),
    form: { group: 'limits', label: 'Single tools', hint: 'None ticked: all.', isRare: true },
  },
  folders: {
    kind: 'list',
    argument: 'names',
    description:
      'mailboxes that may be read or changed; `Projects/*` matches all below Projects, `\\,` is a comma in a name; default: all',
    form: {
      ...{ group: 'limits', label: 'Folders', isRare: true, isForMail: true },
      hint: 'One on each line. Projects/* matches all below Projects. Empty: all.',
    },
  },
  recipients: {
    kind: 'list',
    argument: 'addresses',
    description: 'recipients that are allowed: addresses, or @example.com for a whole domain; default: all',
    form: {
      ...{ group: 'limits', label: 'Recipients' },
      hint: 'One on each line: addresses, or @example.com for a whole domain. Empty: all.',
    },
  },
  maxSendsPerHour: {
    kind: 'count',
    argument: 'number',
    description: 'messages that one account may send per hour; default: no limit',
    form: {
      ...{ group: 'limits', label: 'Messages sent per hour', isRare: true },
      hint: 'Of one account. Empty: no limit.',
    },
  },
  maxChangesPerHour: {
    kind: 'count',
    argument: 'number',
    description:
      'messages of one account that may be moved, flagged or deleted per hour, undo included; default: no limit',
    form: {
      ...{ group: 'limits', label: 'Messages changed per hour', isRare: true, isForMail: true },
      hint: 'Moved, flagged or deleted. Empty: no limit.',
    },
  },
  expiresAt: {
    kind: 'text',
    argument: 'time',
    description: 'when the client and its tokens expire, e.g. 2027-01-31 or 2027-01-31T12:00:00Z; default: never',
    form: { group: 'limits', label: 'End', hint: 'A date such as 2027-01-31, or a time with its zone. Empty: never.' },
  },
  probe: {
    kind: 'off',
    description: 'mint without trying whether the mail servers can be used as the flags say',
    form: { group: 'run', label: 'Mint without trying the mail servers', isForMail: true },
  },
  json: { kind: 'switch', description: 'print one JSON object' },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof FLAGS;

/** The flags by name, in the order of the help. */
export const FLAG_LIST: readonly (Flag & { name: FlagName })[] = flagNames().map((name) => ({ name, ...FLAGS[name] }));

function flagNames(): FlagName[] {
  return Object.keys(FLAGS).filter((name): name is FlagName => name in FLAGS);
}

/** What is wrong with the value of a flag. */
export interface Fault {
  flag: FlagName;
  sentence: string;
}

/** @param error of a schema whose keys are names of flags, and whose messages are sentences */
export function toFaults(error: z.ZodError | undefined): Fault[] {
  return (error?.issues ?? []).flatMap(({ path: [name], message }) =>
    FLAG_LIST.filter((flag) => flag.name === name).map((flag) => ({ flag: flag.name, sentence: message })),
  );
}

/** `maxSendsPerHour` → `--max-sends-per-hour` */
export const toFlagName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
