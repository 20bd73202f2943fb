/** Reads the parameters that clients send to the token and revocation endpoints, strictly (RFC 6749 §3.2). */
import type { Request } from 'express';
import { OAuthError } from '../../errors.ts';
import { type Parameters, queryOf, readForm } from '../http/parameters.ts';
import { areOurResources, repeatedParameter } from './authorization-request.ts';

const MAX_FORM_BYTES = 32 * 1024;

/** @throws {OAuthError} `invalid_request` (`invalid_target` for different `resource`s) unless the body is a form without repeated parameters */
export async function readTokenRequest(request: Request, issuer: string): Promise<Parameters> {
  if (queryOf(request)) throw new OAuthError('invalid_request', 'Parameters belong in the body, not in the URL.');
  const form = await readForm(request, MAX_FORM_BYTES);
  if (form.repeated.has('resource')) checkResource(form, issuer);
  if (repeatedParameter(form) !== undefined) throw new OAuthError('invalid_request', 'A parameter is repeated.');
  return form;
}

/** @throws {OAuthError} `invalid_request` if it is missing */
export function required(form: Parameters, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing.`);
  return value;
}

/**
 * Checks the `resource` parameters. All grants are for the one resource, so every spelling that the authorization endpoint accepts is accepted.
 *
 * @throws {OAuthError} `invalid_target` (RFC 8707 §2.2)
 */
export function checkResource(form: Parameters, issuer: string): void {
  if (!areOurResources(form, issuer)) {
    throw new OAuthError('invalid_target', 'The resource is not the one that was granted.');
  }
}
