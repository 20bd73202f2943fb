/** Says what the error codes of Microsoft Entra mean, and what the operator has to do about them. */

interface Meaning {
  /** Without an end. */
  says: string;
  /** A sentence. */
  remedy: string;
}

const SECRET =
  'Make a new client secret in the app registration, and set MICROSOFT_CLIENT_SECRET to its value (not its id).';
const TYPE = 'Add the platform Web to the app registration, with the redirect URI of this server.';
const CONSENT =
  'An administrator of the organization has to allow the application: Enterprise applications, Permissions, Grant admin consent.';

const MEANINGS: Readonly<Record<string, Meaning>> = {
  AADSTS7000215: { says: 'the client secret is wrong', remedy: SECRET },
  AADSTS7000222: { says: 'the client secret has expired', remedy: SECRET },
  AADSTS7000218: { says: 'a client secret is required', remedy: SECRET },
  AADSTS700025: {
    says: 'the application is a public client, which has no secret',
    remedy: 'Switch off Allow public client flows, and add the platform Web.',
  },
  AADSTS700016: {
    says: 'the application does not exist in this organization',
    remedy:
      'Check the client id, and that the registration allows accounts of other organizations, or name the tenant.',
  },
  AADSTS7000112: { says: 'the application is disabled', remedy: 'Enable it in the Microsoft Entra admin center.' },
  AADSTS90002: { says: 'the tenant does not exist', remedy: 'Check --upstream-tenant.' },
  AADSTS900023: { says: 'the tenant is no id and no domain', remedy: 'Check --upstream-tenant.' },
  AADSTS50194: {
    says: 'the application is for one organization alone',
    remedy: 'Name its tenant with --upstream-tenant, or allow accounts of any organization in the registration.',
  },
  AADSTS50020: {
    says: 'the account belongs to another organization',
    remedy: 'Sign in with an account of the tenant, or allow others in the registration.',
  },
  AADSTS50011: { says: 'the redirect URI is not registered', remedy: TYPE },
  AADSTS500113: { says: 'no redirect URI is registered', remedy: TYPE },
  AADSTS9002325: { says: 'the redirect URI is registered as that of a single-page application', remedy: TYPE },
  AADSTS9002327: { says: 'the redirect URI is registered as that of a single-page application', remedy: TYPE },
  AADSTS65001: { says: 'the access was not allowed yet', remedy: CONSENT },
  AADSTS90094: { says: 'an administrator has to allow the access', remedy: CONSENT },
  AADSTS90095: { says: 'an administrator was asked to allow the access', remedy: CONSENT },
  AADSTS650052: {
    says: 'the organization does not use the service that a scope is of',
    remedy: 'It needs Exchange Online; check the API permissions of the registration.',
  },
  AADSTS70011: { says: 'a scope does not exist', remedy: 'Check the API permissions of the registration.' },
  AADSTS53003: {
    says: 'a Conditional Access policy of the organization forbids the access',
    remedy: 'Its administrator has to exclude the application, or the address of this server.',
  },
  AADSTS50076: {
    says: 'the organization requires another factor',
    remedy: 'The account owner signs in again.',
  },
  AADSTS50173: {
    says: 'the approval has ended with a change of the password',
    remedy: 'The account owner signs in again.',
  },
  AADSTS700082: {
    says: 'the refresh token was not used for too long',
    remedy: 'The account owner signs in again.',
  },
  AADSTS70043: {
    says: 'a policy of the organization has ended the sign-in',
    remedy: 'The account owner signs in again; the administrator decides about the sign-in frequency.',
  },
};

/** @returns what the code means, as two sentences for the operator; `undefined` if it is none of those that are known */
export function microsoftMeaning(code: string): string | undefined {
  const meaning = MEANINGS[code];
  return meaning && `${meaning.says[0]?.toUpperCase()}${meaning.says.slice(1)}. ${meaning.remedy}`;
}
