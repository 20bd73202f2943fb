/** Declares the views: the data that each template of `views/` renders. Values are plain text; the templates escape them. */
import { type Servers, type Service, serviceOf } from '../../account.ts';
import type { Fragment } from './html.ts';
import type { TimeView } from './time-words.ts';

/** One input of a form. */
export interface FieldView {
  value: string;
  /** Absent if the value is acceptable. */
  problem: ProblemView | undefined;
}

interface LinkView {
  text: string;
  url: string;
}

export interface ProblemView {
  /** `id` of the element that the summary of problems links to. */
  target: string;
  sentence: string;
  link: LinkView | undefined;
  /** True for the first problem of the page: its field gets the focus. */
  first: boolean;
  /** False if another password would not help. */
  asksForPassword: boolean;
}

export interface ServerView {
  /** `imap.example.com:993` */
  address: string;
  /** How the connection is protected, in plain words. */
  protection: string;
}

/** The part of the sign-in page where the account owner chooses powers and limits. */
export interface ConsentView {
  /** What is ticked and what is not, in one sentence that begins with the name of the client. */
  summary: { name: string; may: string };
  /** The limits of the operator, in sentences; absent if there are none. With a summary they are folded below it. */
  given: { limits: Fragment; summary: Fragment | undefined } | undefined;
  /** Whether powers and limits are visible without a click. */
  isOpen: boolean;
  /** `isNew`: asked for in addition to what was left on before. */
  powers: readonly { id: string; words: string; isTicked: boolean; isNew: boolean }[];
  problem: ProblemView | undefined;
  limits: {
    /** Absent where nothing can be sent. `given`: the recipients that the operator allows. */
    recipients: (FieldView & { given: string | undefined }) | undefined;
    /** `time`: that of the words. */
    ends: readonly { value: string; words: string; isChosen: boolean; time?: TimeView }[];
    /** When the grant ends unless it is revoked before. */
    lastEnd: Fragment;
  };
}

/** The page at `/`: the address of the server, and how each client is connected. */
export interface LandingView {
  /** The URL of `/mcp`. */
  url: string;
  host: string;
  kind: AccountKind;
  accountUrl: string;
  /** For how many of the clients a client id is needed besides the URL. */
  needsId: 'none' | 'some' | 'all';
  clients: readonly ClientStepsView[];
}

/** Another language of a page, at its foot. */
export interface LanguageLinkView {
  code: string;
  /** What it calls itself. */
  name: string;
  /** Absent: the form of the page is submitted. */
  url: string | undefined;
}

/** How one client is connected. */
export interface ClientStepsView {
  id: string;
  title: string;
  steps: readonly StepView[];
}

export interface StepView {
  text: string;
  /** What is copied. */
  code?: string;
  link?: LinkView;
}

/** The page at a URL where there is nothing for browsers: it names the URL for clients. */
export interface SignpostView {
  title: string;
  sentence: string;
  url: string;
  /** Path of the landing page. */
  homeUrl: string;
}

/** The sign-in page of `/oauth/authorize`. */
export interface SignInView {
  action: string;
  transaction: string;
  /** `onThisDevice`: the access goes to a program beside the browser, which cannot be verified (RFC 8252 §8.6). */
  client: {
    name: string;
    redirectHost: string;
    onThisDevice: boolean;
    /** False if name and redirect URI are the client's own statements (RFC 7591). */
    isVerified: boolean;
    /** Host of the client's metadata document; absent if the client has none. */
    documentHost: string | undefined;
  };
  issuerHost: string;
  /** True where the address has decided about the servers: it can be changed on the page before. */
  isByAddress: boolean;
  consent: ConsentView;
  /** Shown while the form is on its way. */
  progress: string;
  /** The page that lists what the account owner has granted. */
  accountUrl: string;
  kind: AccountKind;
  /** True if a restart of this server signs the account owner out. */
  endsAtRestart: boolean;
  form: SignInFormView;
  problems: readonly ProblemView[];
}

/** The page that asks for the address of the account, before the sign-in page. */
export interface SignInAddressView extends AddressFieldsView {
  transaction: string;
  client: SignInView['client'];
  action: string;
}

/** The page of `/account` that asks for the address of the account. */
export interface AccountAddressView extends AddressFieldsView {
  action: string;
}

/** What both of them show. */
export interface AddressFieldsView {
  /** Whether Missive accounts can be connected too. */
  hasMissive: boolean;
  email: FieldView;
  kind: AccountKind;
  problems: readonly ProblemView[];
}

/** The page for a form that is submitted again after the client has received its access. */
export interface SignedInView {
  clientName: string;
}

/** What the pages call an account, and what opens it: a mailbox with a password, one whose owner signs in at a provider, or an account of Missive. */
export type AccountKind = 'mail' | 'provider' | 'missive';

export const kindOf = (servers: Servers): AccountKind =>
  'imap' in servers && servers.signIn !== undefined ? 'provider' : serviceOf(servers);

/** The credentials that the sign-in page asks for: of a mailbox or of Missive. */
export type SignInFormView = MailFormView | ProviderFormView | MissiveFormView;

export interface MailFormView {
  service: 'mail';
  servers: { imap: ServerView; smtp: ServerView };
  serverProblems: { imap: ProblemView | undefined; smtp: ProblemView | undefined };
  /** Present if the provider is known to require app passwords. */
  appPassword: AppPasswordHint | undefined;
  useSameCredentials: boolean;
  /** Whether the box that the script shows with the time zone of the browser is ticked. */
  isTimeZoneTicked: boolean;
  /** Whether the fields that may stay as they are, and the servers, are visible without a click. */
  areDetailsOpen: boolean;
  fields: Readonly<Record<string, FieldView>>;
}

/** The form of a mailbox whose account owner signs in at a provider. */
export interface ProviderFormView extends ProviderAccountFormView {
  isTimeZoneTicked: boolean;
  /** Whether the other fields that may stay empty are visible without a click. */
  areDetailsOpen: boolean;
}

export interface ProviderAccountFormView {
  service: 'provider';
  /** The name of the provider. */
  title: string;
  /** Of the sign-in there, or of the servers. */
  problem: ProblemView | undefined;
  /** True if the provider names no address. */
  needsAddress: boolean;
  /** Whether an address was typed that need not be. */
  hasOtherAddress: boolean;
  fields: Readonly<Record<string, FieldView>>;
}

/** The hint below the label of the password. */
export interface AppPasswordHint {
  text: string;
  link: LinkView;
}

export interface MissiveFormView {
  service: 'missive';
  server: ServerView;
  serverProblem: ProblemView | undefined;
  fields: { api_token: FieldView };
}

/** The page of `/account` that asks for a client ID: the client determines the servers. */
export interface AccountClientView {
  action: string;
  problem: ProblemView | undefined;
}

/** The sign-in page of `/account`. */
export interface AccountSignInView {
  action: string;
  transaction: string;
  kind: AccountKind;
  form: AccountFormView;
  /** True where the servers are those of the default connection: the account may be at others. */
  isDefault: boolean;
  /** As in SignInView. */
  isByAddress: boolean;
  /** Shown while the form is on its way. */
  progress: string;
  problems: readonly ProblemView[];
}

/** The credentials that the sign-in page of `/account` asks for. */
export type AccountFormView = MailboxFormView | ProviderAccountFormView | MissiveFormView;

/** As MailFormView, without the credentials for sending. */
export interface MailboxFormView {
  service: 'mail';
  server: ServerView;
  serverProblem: ProblemView | undefined;
  appPassword: AppPasswordHint | undefined;
  fields: Readonly<Record<'imap_username' | 'imap_password', FieldView>>;
}

/** The page of `/account` that lists the grants of an account. */
export interface AccountView {
  action: string;
  session: string;
  kind: AccountKind;
  /** User name at the mail server; absent for an API token, which has no name. */
  username: string | undefined;
  host: string;
  /** What the account owner can do to end all access, also that of other servers; sentences. */
  lock: string;
  /** False: the page explains how to end the access instead. */
  canRevoke: boolean;
  /** What was just revoked, as a sentence. */
  revoked: Fragment | undefined;
  grants: readonly {
    id: string;
    name: string;
    redirectHost: string | undefined;
    /** A sentence. */
    may: string;
    /** From when until when, as a sentence. */
    during: Fragment;
    /** Refresh tokens that were used again, as a sentence; absent if there were none. */
    reuse: Fragment | undefined;
  }[];
}

/** A problem of the form at `/admin`. */
interface MintingProblem {
  /** `id` of the field. */
  target: string;
  sentence: string;
}

/** The page of `/admin` that asks for the admin token. */
export interface AdminSignInView {
  action: string;
  /** A sentence about the token, or about the form that was sent without a session. */
  problem: string | undefined;
  /** What was typed into the form meanwhile. */
  kept: readonly { name: string; value: string }[];
}

/** One field of the form at `/admin`: a flag of `generate`. */
export interface MintingFieldView {
  id: string;
  flag: string;
  label: string;
  hint: string | undefined;
  example: string | undefined;
  /** `box`: one that is ticked or not. `boxes`: any number of the options. `lines`: a value on each line. */
  kind: 'line' | 'lines' | 'select' | 'box' | 'boxes';
  value: string;
  options: readonly { value: string; title: string; isChosen: boolean }[];
  isRare: boolean;
  /** The service that it is for; absent: both. */
  only: Service | undefined;
  /** Sentences; empty if the value is acceptable. */
  problem: string;
  hasFocus: boolean;
}

/** The form at `/admin`. */
export interface MintingFormView {
  action: string;
  csrfToken: string;
  service: Service;
  groups: Readonly<Record<'mail' | 'missive' | 'client' | 'limits' | 'run', readonly MintingFieldView[]>>;
  problems: readonly MintingProblem[];
  /** The servers that were tried: what succeeded, in order; empty if it failed, which the field of the host says. */
  tried: readonly { id: string; address: string; passed: string }[];
  /** A sentence about the form as a whole. */
  notice: string | undefined;
}

/** The page that shows a client that was just minted, once. */
export interface MintedView {
  action: string;
  csrfToken: string;
  /** What is minted, in the order of the page. */
  values: readonly { id: string; label: string; text: string; hint: string | undefined }[];
  /** Empty for a default connection. */
  clients: readonly ClientStepsView[];
  /** The command that does the same. */
  command: string;
}

export interface ErrorView {
  title: string;
  sentence: string;
  /** True if there is no sentence in the language of the page. */
  isInEnglish: boolean;
  /** What the reader can do next. */
  advice: string;
  /** An OAuth error code, for support. */
  code: string;
  /** A link to continue with, and its name; absent if the redirect URI was not validated. */
  next?: { url: string; name: string } | undefined;
}
