/** Makes a test worker trust the throw-away CA, and whatever Node process a test starts. */
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { testServers } from './servers.ts';

trustCa(testServers().ca);

/** @param path PEM file */
export function trustCa(path: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(path, 'utf8')]);
  process.env.NODE_EXTRA_CA_CERTS = path;
}
