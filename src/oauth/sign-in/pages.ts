/** The pages that a person sees: rendered from `views/`, everything escaped, with the headers that keep them safe (RFC 9700 §4.16). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Response } from 'express';

const views = fileURLToPath(new URL('../../../views/', import.meta.url));

/** One input of the form, ready to be drawn. */
export interface FieldView {
  value: string;
  /** Absent if there is nothing wrong with it. */
  problem: ProblemView | undefined;
}

export interface ProblemView {
  /** `id` of the element that the summary of problems links to. */
  target: string;
  sentence: string;
  link: { text: string; url: string } | undefined;
  /** True for the first problem of the page: its field gets the focus. */
  first: boolean;
}

export interface ServerView {
  /** `imap.example.com:993` */
  address: string;
  /** How the connection is protected, in plain words. */
  protection: string;
}

/** What the owner of the mailbox can take away. */
export interface ConsentView {
  powers: readonly { id: string; words: string; isTicked: boolean }[];
  problem: ProblemView | undefined;
  limits: {
    /** Whether they are seen without a click. */
    isOpen: boolean;
    /** Absent where nothing can be sent. `given`: the operator's own list. */
    recipients: (FieldView & { given: string | undefined }) | undefined;
    ends: readonly { value: string; words: string; isChosen: boolean }[];
    /** When it ends if nobody takes it back. */
    lastEnd: string;
  };
}

export interface LoginView {
  action: string;
  transaction: string;
  /** `onThisDevice`: the access goes to a program beside the browser, which nothing vouches for (RFC 8252 §8.6). */
  client: {
    name: string;
    redirectHost: string;
    onThisDevice: boolean;
    /** False if nobody but itself says what it is. */
    isVerified: boolean;
    /** Host that says what it is; absent if the operator does, or nobody. */
    documentHost: string | undefined;
  };
  issuerHost: string;
  consent: ConsentView;
  /** Where the person finds what they have granted. */
  accountUrl: string;
  words: AccountWords;
  login: LoginFields;
  problems: readonly ProblemView[];
}

/** After “your”, and after “goes to”. */
export interface AccountWords {
  account: string;
  secret: string;
  servers: string;
}

/** What is asked for, of a mailbox or of Missive. */
export type LoginFields = MailFields | MissiveFields;

export interface MailFields {
  service: 'mail';
  servers: { imap: ServerView; smtp: ServerView };
  serverProblems: { imap: ProblemView | undefined; smtp: ProblemView | undefined };
  /** Provider that takes an app password only; `undefined` if not known to. */
  appPassword: { provider: string; url: string } | undefined;
  useSameCredentials: boolean;
  fields: Readonly<Record<string, FieldView>>;
}

export interface MissiveFields {
  service: 'missive';
  server: ServerView;
  serverProblem: ProblemView | undefined;
  fields: { api_token: FieldView };
}

/** Asks for the client, which says where the mailbox is. */
export interface FinderView {
  action: string;
  problem: ProblemView | undefined;
}

/** Asks for a login, to show what was granted. */
export interface SignInView {
  action: string;
  transaction: string;
  words: AccountWords;
  login: OwnerFields;
  /** True where nobody chose the server: then there may be others. */
  isDefault: boolean;
  problems: readonly ProblemView[];
}

export type OwnerFields = MailboxFields | MissiveFields;

/** As MailFields, of the login for reading alone. */
export interface MailboxFields {
  service: 'mail';
  server: ServerView;
  serverProblem: ProblemView | undefined;
  appPassword: MailFields['appPassword'];
  fields: Readonly<Record<'imap_username' | 'imap_password', FieldView>>;
}

/** What was granted for an account. */
export interface AccountView {
  action: string;
  session: string;
  words: AccountWords;
  /** User name at a mail server; absent of an API token, which has no name. */
  username: string | undefined;
  host: string;
  /** What ends all access, wherever it was granted. */
  lock: string;
  /** Without it the person is told what else ends the access. */
  canTakeBack: boolean;
  /** What was just taken back, as a sentence. */
  taken: string | undefined;
  grants: readonly {
    id: string;
    name: string;
    redirectHost: string | undefined;
    /** After “may”. */
    may: string;
    recipients: string | undefined;
    since: string;
    until: string;
  }[];
}

export interface ErrorView {
  title: string;
  sentence: string;
  /** What the reader can do next. */
  advice: string;
  /** For whoever looks into it: an OAuth error code. */
  code: string;
  /** Where the person can go, by name; absent if nobody waits there, or cannot be trusted. */
  next?: { url: string; name: string } | undefined;
}

export interface Pages {
  login(view: LoginView): string;
  finder(view: FinderView): string;
  signIn(view: SignInView): string;
  account(view: AccountView): string;
  error(view: ErrorView): string;
  /** Sends a page. `formAction`: where its form may lead, beside ourselves (CSP 3 §6.4.1); absent on pages without a form. */
  send(response: Response, status: number, html: string, formAction?: readonly string[]): void;
}

export function createPages({ issuer }: { issuer: string }): Pages {
  const eta = new Eta({ views, cache: true });
  const style = readFileSync(`${views}style.css`, 'utf8');
  // In the page and not beside it: the page is whole wherever a proxy routes it, and the hash admits this one sheet only.
  const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

  return {
    login: (view) => eta.render('./login', { ...view, style }),
    finder: (view) => eta.render('./account-finder', { ...view, style }),
    signIn: (view) => eta.render('./account-sign-in', { ...view, style }),
    account: (view) => eta.render('./account', { ...view, style }),
    error: (view) => eta.render('./error', { ...view, style }),
    send(response, status, html, formAction) {
      const target = formAction ? ["'self'", ...formAction].join(' ') : "'none'";
      response.status(status).set({
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': [
          "default-src 'none'",
          `style-src ${styleSource}`,
          "img-src 'self'",
          `form-action ${target}`,
          "frame-ancestors 'none'",
          "base-uri 'none'",
        ].join('; '),
        'X-Frame-Options': 'DENY',
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-store',
        'Cross-Origin-Opener-Policy': 'same-origin',
        ...(issuer.startsWith('https:') && { 'Strict-Transport-Security': 'max-age=31536000' }),
      });
      response.send(html);
    },
  };
}
