/** Makes the worker trust the test CA; runs before each test file. */
import { trustCa } from './certificates.ts';
import { testServers } from './servers.ts';

trustCa(testServers().ca);
