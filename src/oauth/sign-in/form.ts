/** What differs between the sign-in forms of the services. Consent, throttle and the protection of the page are the same for all. */
import type { LoginProblem } from '../../account.ts';
import type { Parameters } from '../http/parameters.ts';
import type { Credentials } from '../sealed/identity.ts';
import type { FormProblem, Place } from './mail-entry.ts';
import type { ProblemView } from './pages.ts';

/** @typeParam View what the page draws of it */
export interface SignInForm<View> {
  /** Before anything is typed. */
  readonly blank: Entered<View>;
  read(form: Parameters): Entered<View>;
}

/** A form as somebody has filled it in. */
export interface Entered<View> {
  /**
   * @param beside what is sealed into the access token together with the login
   * @returns everything that can be seen without asking a server, at most one problem a field, in reading order
   */
  mistakes(beside?: object): FormProblem[];
  credentials(): Credentials;
  /** What the servers have said, in sentences, and the form as it is shown with them. */
  refused(faults: readonly LoginProblem[]): { problems: FormProblem[]; shown: Entered<View> };
  /** Where it says that there were too many attempts. */
  readonly waitPlace: Place;
  /** Passwords and tokens are never shown again, whatever happened to them. */
  view(problemAt: (place: Place) => ProblemView | undefined): View;
}
