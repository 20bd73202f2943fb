/** Defines a sign-in form: the part of the sign-in page that differs between services. Consent, throttle and protection are common to all. */
import type { LoginProblem } from '../../account.ts';
import type { ProviderSignIn } from '../../mail/account.ts';
import type { Parameters } from '../http/parameters.ts';
import type { Language, Sentence } from '../pages/languages/en.ts';
import type { ProblemView } from '../pages/views.ts';
import type { ApprovalFacts, Credentials } from '../sealed/identity.ts';
import type { FitsIntoToken } from '../sealed/sealed-types.ts';

/** Where a problem is shown: a field by its wire name, the group of powers, or the server that credentials are checked with. */
export type Place =
  | 'client_id'
  | 'powers'
  | 'recipients'
  | 'full_name'
  | 'email'
  | 'identities'
  | 'imap_username'
  | 'imap_password'
  | 'smtp_username'
  | 'smtp_password'
  | 'api_token'
  | 'provider'
  | 'imap_server'
  | 'smtp_server'
  | 'missive_server';

export interface FormProblem {
  place: Place;
  /** For the account owner: what is wrong and what to do. */
  sentence: Sentence;
  /** The page where it can be corrected, at the provider. */
  link?: { text: Sentence; url: string };
  /** True if the same problem would come back with any other password. */
  isLasting?: true;
}

/** @returns the problem of a place, if it has one */
export type ProblemAt = (place: Place) => ProblemView | undefined;

/** What the sign-in at a provider has brought. */
export interface Approved {
  facts: ApprovalFacts;
  /** The address that the provider names: a proposal, which the mail server accepts or not. */
  address: string | undefined;
  name: string | undefined;
}

/** @typeParam View what the template gets */
export interface SignInForm<View> {
  /** Before anything is typed. */
  readonly blank: FilledForm<View>;
  /** Before anything but the address is typed, which has been asked for already. */
  startingWith(address: string): FilledForm<View>;
  /** Reads what a browser has submitted. @param approved what the provider has issued since */
  read(parameters: Parameters, approved?: Approved): FilledForm<View>;
}

/** A form and what was typed into it. */
export interface FilledForm<View> {
  /**
   * Finds every problem that can be seen without asking a server.
   *
   * @param fits whether the access token has room for the credentials; left out where none is issued
   * @returns at most one problem a field, in reading order; empty if there is none
   */
  validate(fits?: FitsIntoToken): FormProblem[];
  credentials(): Credentials;
  /** What a provider has issued in the place of a password; `undefined` before the sign-in there, and where there is none. */
  readonly approval?: ApprovalFacts | undefined;
  /** Present: the account owner signs in at this provider, and the form asks for no password. `hint`: an address that was typed. */
  readonly provider?: { signIn: ProviderSignIn; hint: string | undefined } | undefined;
  /** Name in the IANA time zone database; `undefined` if none was given, or one that is not known here. */
  readonly timeZone?: string | undefined;
  /** Further addresses of the account owner, as they are sealed; `undefined` if none was given. */
  readonly identities?: readonly string[] | undefined;
  /**
   * Puts the refusal of the servers into sentences. `form`: the form to show with them.
   *
   * @param reference what the operator finds the refusal by in the log; left out where there is none
   */
  afterRefusal(
    refusal: readonly LoginProblem[],
    reference?: string,
  ): { problems: FormProblem[]; form: FilledForm<View> };
  /** Where the page says that there were too many attempts. */
  readonly waitPlace: Place;
  /** Without passwords and tokens: what was typed into those fields is never sent back. */
  view(problemAt: ProblemAt, t: Language): View;
}
