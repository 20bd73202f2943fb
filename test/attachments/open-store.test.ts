/** Checks an installation without the packages for S3, which are optional. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from '../support/servers/ports.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Makes every import of the AWS SDK fail as it does where it is not installed. */
const WITHOUT_S3 = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith('@aws-sdk/')) return next(specifier, context);
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    },
  });
`)}`;

/** Starts the server twice, with S3 set and without; stops it as soon as it listens. */
const START = `
  import process from 'node:process';
  import { main } from './src/cli.ts';
  const { AWS_S3_BUCKET, ...env } = process.env;
  const withS3 = await main(['server'], process.env);
  setInterval(() => process.listenerCount('SIGTERM') > 0 && process.kill(process.pid, 'SIGTERM'), 20).unref();
  console.log(JSON.stringify({ withS3, without: await main(['server'], env) }));
`;

test('RUN-04 without its packages, a server with S3 set says in one sentence what to do, and one without S3 runs', async () => {
  const env = {
    ...{ BASE_URL: 'http://localhost', PORT: String(await freePort()) },
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ...{ AWS_S3_BUCKET: 'letters', AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
  };
  const args = [`--import=${WITHOUT_S3}`, '--input-type=module', '--eval', START];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8', timeout: 25_000 });
  expect(stderr).toBe(
    'AWS_S3_BUCKET is set, and the packages for S3 are not installed: install again without --omit=optional\n',
  );
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'listening', attachments: 'links of this server' }));
  expect(lines).toContainEqual({ withS3: 1, without: 0 });
});
