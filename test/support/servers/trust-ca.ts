/** Runs before each test file: makes its worker trust the test CA. */
import { trustCa } from './certificates.ts';
import { testServers } from './servers.ts';

trustCa(testServers().ca);
