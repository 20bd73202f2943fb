/** Says what the error codes of Microsoft Entra mean, and who has to do something about them. Source: its list of error codes, read on 2026-11-30. */

/**
 * `operator`: of this server. `administrator`: of the account owner's organization, who allows the application. `rule`: the same, whose rules forbid the
 * access. `owner`: the account owner signs in again. `time`: it ends by itself.
 */
export type Actor = 'operator' | 'administrator' | 'rule' | 'owner' | 'time';

interface Meaning {
  by: Actor;
  /** Without an end. */
  says: string;
  /** A sentence. */
  remedy: string;
}

const REMEDIES = {
  secret:
    'Make a new client secret in the app registration, and set MICROSOFT_CLIENT_SECRET to its value (not its id).',
  type: 'Add the platform Web to the app registration, with the redirect URI of this server.',
  client: 'Check the client id, and that the registration allows accounts of other organizations, or name the tenant.',
  tenant: 'Check --upstream-tenant.',
  permissions: 'Check the API permissions of the registration.',
  consent:
    'An administrator of the organization has to allow the application: Enterprise applications, Permissions, Grant admin consent.',
  enable: 'An administrator enables it in the Microsoft Entra admin center.',
  assign: 'An administrator assigns the account: Enterprise applications, Users and groups.',
  rule: 'An administrator of the organization has to exclude the application from the rule, or the address of this server.',
  again: 'The account owner signs in again.',
  frequency: 'The account owner signs in again; the administrator decides about the sign-in frequency.',
  other: 'Sign in with an account of the tenant, or allow others in the registration.',
  wait: 'Nothing has ended; it is tried again with the next request.',
} as const;

/** @param says by the number of the code */
const codes = (by: Actor, remedy: keyof typeof REMEDIES, says: Readonly<Record<number, string>>) =>
  Object.entries(says).map(([number, one]): [code: string, Meaning] => [
    `AADSTS${number}`,
    { by, says: one, remedy: REMEDIES[remedy] },
  ]);

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ...codes('operator', 'secret', {
    70002: 'the client secret is wrong',
    7000215: 'the client secret is wrong',
    7000222: 'the client secret has expired',
    7000218: 'a client secret is required',
  }),
  ...codes('operator', 'type', {
    50011: 'the redirect URI is not registered',
    500113: 'no redirect URI is registered',
    900971: 'no redirect URI is registered',
    700025: 'the application is a public client, which has no secret',
    9002325: 'the redirect URI is registered as that of a single-page application',
    9002326: 'the redirect URI is registered as that of a single-page application',
    9002327: 'the redirect URI is registered as that of a single-page application',
  }),
  ...codes('operator', 'client', {
    700011: 'the application does not exist in this organization',
    700016: 'the application does not exist in this organization',
    50194: 'the application is for one organization alone',
  }),
  ...codes('operator', 'tenant', {
    90002: 'the tenant does not exist',
    900023: 'the tenant is no id and no domain',
  }),
  ...codes('operator', 'permissions', {
    28002: 'a scope does not exist',
    65005: 'the registration lacks a permission',
    650056: 'the registration lacks a permission, or it was not allowed',
    650057: 'the registration lacks a permission',
    70011: 'a scope does not exist',
  }),
  ...codes('administrator', 'consent', {
    500011: 'the organization does not have the service of a scope',
    65001: 'the access was not allowed yet',
    650052: 'the organization does not have the service of a scope, such as Exchange Online',
    90008: 'the access was not allowed yet',
    90093: 'an administrator has to allow the access',
    90094: 'an administrator has to allow the access',
    90095: 'an administrator was asked to allow the access',
  }),
  ...codes('administrator', 'enable', {
    50057: 'the account is disabled',
    70001: 'the application is disabled',
    7000112: 'the application is disabled',
  }),
  ...codes('administrator', 'assign', { 50105: 'the account is not assigned to the application' }),
  ...codes('rule', 'rule', {
    50005: 'the organization does not allow this kind of device',
    500021: 'the organization does not allow access to this tenant',
    500022: 'the organization does not allow access to this tenant',
    500212: 'the organization does not allow access to this tenant',
    500213: 'the tenant does not allow access to accounts of this organization',
    50097: 'the organization requires a device that it knows',
    50129: 'the organization requires a device that it knows',
    50131: 'a Conditional Access policy of the organization forbids the access',
    53000: 'the organization requires a device that follows its policies',
    53001: 'the organization requires a device that it manages',
    53002: 'the organization allows other applications alone',
    53003: 'a Conditional Access policy of the organization forbids the access',
    530032: 'a security policy of the organization forbids the access',
    530035: 'the security defaults of the organization forbid the access',
    53010: 'the organization allows another factor to be set up only at certain places',
    53011: 'the organization has blocked the account because of a risk',
    700003: 'the device of the sign-in was removed from the organization',
  }),
  ...codes('owner', 'other', {
    16000: 'the account belongs to another organization',
    50020: 'the account belongs to another organization',
    500208: 'the tenant does not allow accounts of this kind',
    50034: 'the account does not exist in the tenant',
    90072: 'the account belongs to another organization',
  }),
  ...codes('owner', 'again', {
    50055: 'the password has expired',
    50058: 'the account owner is not signed in',
    50072: 'the organization requires another factor, which is to be set up',
    50074: 'the organization requires another factor',
    50076: 'the organization requires another factor',
    50078: 'the organization requires another factor again',
    50079: 'the organization requires another factor, which is to be set up',
    50089: 'the sign-in took too long',
    50132: 'the sign-in has ended with a change of the password',
    50133: 'the sign-in has ended with a change of the password',
    50144: 'the password has expired',
    50173: 'the approval was revoked, or has ended with a change of the password',
    501481: 'the code belongs to another request',
    53004: 'the organization requires another factor, which is to be set up',
    54005: 'the code was used before',
    65004: 'the account owner did not allow the access',
    70000: 'the code or the refresh token is not valid',
    70008: 'the code or the refresh token has expired',
    700082: 'the refresh token was not used for too long',
    9002313: 'the request, its code or its refresh token has no valid form',
  }),
  ...codes('owner', 'frequency', { 70043: 'a policy of the organization has ended the sign-in' }),
  ...codes('time', 'wait', {
    40010: 'the identity provider of the organization has a fault',
    50000: 'Microsoft has a fault',
    50033: 'Microsoft has a fault',
    50087: 'the second factor has a fault',
    50088: 'too many second factors were asked for by telephone',
    50196: 'the same request was sent too often',
    70012: 'Microsoft has a fault',
    80002: 'the directory of the organization does not answer',
    90006: 'Microsoft has a fault',
    90012: 'Microsoft did not answer in time',
    90024: 'Microsoft has a fault',
    90033: 'Microsoft has a fault',
    90055: 'too many requests come from the organization',
    90090: 'Microsoft has a fault',
    90091: 'Microsoft has a fault',
  }),
]);

/** @returns who has to do something about a code; `undefined` if it is none of those that are known */
export const microsoftActor = (code: string): Actor | undefined => MEANINGS.get(code)?.by;

/** @returns what the code means, as two sentences for the operator; `undefined` if it is none of those that are known */
export function microsoftMeaning(code: string): string | undefined {
  const meaning = MEANINGS.get(code);
  return meaning && `${meaning.says[0]?.toUpperCase()}${meaning.says.slice(1)}. ${meaning.remedy}`;
}
