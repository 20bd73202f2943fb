/** Judges the certificate that a server has shown, by the code of Node and OpenSSL. */
import type { TLSSocket } from 'node:tls';
import type { ProbeCode } from './probe-faults.ts';

const CODES: Readonly<Record<string, ProbeCode>> = {
  CERT_HAS_EXPIRED: 'certificate_expired',
  CERT_NOT_YET_VALID: 'certificate_early',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_self_signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_unknown_ca',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_unknown_ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_unknown_ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_unknown_ca',
};

/** Names of a certificate that a sentence has. */
const MAX_NAMES = 3;

/** @returns undefined for a certificate that is trusted for the host of the connection */
export function certificateFault(socket: TLSSocket): { code: ProbeCode; detail: string } | undefined {
  if (socket.authorized) return undefined;
  // Node declares an Error; it is the code of one.
  const reason = String(socket.authorizationError);
  const code = CODES[reason] ?? 'certificate_other';
  const { valid_from: from, valid_to: to, subjectaltname: names = '' } = socket.getPeerCertificate();
  switch (code) {
    case 'certificate_expired':
      return { code, detail: ` (${day(to)})` };
    case 'certificate_early':
      return { code, detail: ` (${day(from)})` };
    case 'certificate_name':
      return { code, detail: namesIn(names) };
    default:
      return { code, detail: /^[A-Z_]{1,60}$/.test(reason) ? reason : 'unknown reason' };
  }
}

function day(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : date.toISOString().slice(0, 10);
}

/** Only what is a host name: others chose the text. */
function namesIn(subjectAltName: string): string {
  const names = [...subjectAltName.matchAll(/DNS:([\w*.-]{1,100})(?:,|$)/g)].map(([, name]) => name);
  return names.length === 0 ? '' : `: ${names.slice(0, MAX_NAMES).join(', ')}${names.length > MAX_NAMES ? ', …' : ''}`;
}
