/** Creates a temporary certificate authority and certificates for the test servers, valid and invalid ones. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of PEM files. */
export interface KeyPair {
  cert: string;
  key: string;
}

export interface Certificates {
  /** Path of the CA certificate, PEM. */
  ca: string;
  /** Valid for localhost and 127.0.0.1. */
  server: KeyPair;
  /** Signed by the same CA, for another host. */
  wrongHost: KeyPair;
  /** For localhost, self-signed. */
  selfSigned: KeyPair;
}

/** Creates all of them in `folder`, which must exist. EC P-256, valid for two days. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const ca = await selfSign(folder, 'ca', '/CN=mail-mcp throw-away test CA', [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,cRLSign',
  ]);
  const [server, wrongHost, selfSigned] = await Promise.all([
    issue(folder, 'server', ca, 'DNS:localhost,IP:127.0.0.1'),
    issue(folder, 'wrong-host', ca, 'DNS:mail.elsewhere.test'),
    selfSign(folder, 'self-signed', '/CN=localhost', ['subjectAltName=DNS:localhost,IP:127.0.0.1']),
  ]);
  return { ca: ca.cert, server, wrongHost, selfSigned };
}

/** Creates certificates for localhost in `folder` that are signed by the CA there, and not valid now. */
export async function makeDatedCertificates(folder: string): Promise<Record<'expired' | 'early', KeyPair>> {
  const ca = { cert: join(folder, 'ca.pem'), key: join(folder, 'ca.key') };
  const [expired, early] = await Promise.all([
    issueDated(folder, 'expired', ca, ['20200101000000Z', '20200201000000Z']),
    issueDated(folder, 'early', ca, ['20900101000000Z', '20910101000000Z']),
  ]);
  return { expired, early };
}

/**
 * Adds the CA to the trusted ones of this thread and of the Node processes that it starts.
 *
 * @param path PEM file
 */
export function trustCa(path: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(path, 'utf8')]);
  process.env.NODE_EXTRA_CA_CERTS = path;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

async function selfSign(folder: string, name: string, subject: string, extensions: string[]): Promise<KeyPair> {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  // The OpenSSL configuration of the machine would add its own basicConstraints to every certificate.
  const config = join(folder, `${name}.cnf`);
  await writeFile(config, '[req]\ndistinguished_name = subject\n[subject]\n');
  const files = ['-keyout', pair.key, '-out', pair.cert];
  const added = extensions.flatMap((extension) => ['-addext', extension]);
  await run('openssl', [
    'req',
    '-config',
    config,
    '-x509',
    ...NEW_KEY,
    '-days',
    '2',
    '-subj',
    subject,
    ...files,
    ...added,
  ]);
  return pair;
}

async function issue(folder: string, name: string, ca: KeyPair, subjectAltName: string): Promise<KeyPair> {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  await writeFile(extensions, `subjectAltName=${subjectAltName}\nextendedKeyUsage=serverAuth\n`);
  await run('openssl', ['req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', pair.key, '-out', request]);
  const signer = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial', '-CAserial', join(folder, `${name}.srl`)];
  await run('openssl', [
    'x509',
    '-req',
    '-in',
    request,
    ...signer,
    '-days',
    '2',
    '-extfile',
    extensions,
    '-out',
    pair.cert,
  ]);
  return pair;
}

/** `openssl x509` takes no times before release 3.4 of OpenSSL. */
async function issueDated(
  folder: string,
  name: string,
  ca: KeyPair,
  [start = '', end = '']: string[],
): Promise<KeyPair> {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const request = join(folder, `${name}.csr`);
  const config = join(folder, `${name}.cnf`);
  const database = join(folder, `${name}.txt`);
  const lines = [
    '[ca]\ndefault_ca = dated',
    `[dated]\nnew_certs_dir = ${folder}\ndatabase = ${database}\nrand_serial = yes`,
    'default_md = sha256\npolicy = any\nx509_extensions = names',
    '[any]\ncommonName = supplied',
    '[names]\nsubjectAltName = DNS:localhost,IP:127.0.0.1',
  ];
  await Promise.all([writeFile(config, `${lines.join('\n')}\n`), writeFile(database, '')]);
  await run('openssl', ['req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', pair.key, '-out', request]);
  const signer = ['-config', config, '-cert', ca.cert, '-keyfile', ca.key, '-notext'];
  const times = ['-startdate', start, '-enddate', end];
  await run('openssl', ['ca', '-batch', ...signer, ...times, '-in', request, '-out', pair.cert]);
  return pair;
}
