/** Runs before each test file: its worker trusts the throw-away CA. */
import { trustCa } from './certificates.ts';
import { testServers } from './servers.ts';

trustCa(testServers().ca);
