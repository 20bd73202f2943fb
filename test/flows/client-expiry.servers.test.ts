/** Checks that tokens and attachment links expire with their client. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';
import { testServers } from '../support/servers/servers.ts';

const Linked = z.object({ attachments: z.array(z.object({ url: z.string() })) });

test('links to S3 and tokens expire with the client', async () => {
  const { endpoint, region, accessKeyId, secretAccessKey, bucket } = testServers().s3;
  await using app = await startApp({
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_S3_BUCKET: bucket,
    AWS_S3_FORCE_PATH_STYLE: 'true',
  });
  const account = newAccount();
  const attachments = [{ filename: 'a.txt', contentType: 'text/plain', content: 'attached' }];
  const { INBOX } = await appendMessages(account, { INBOX: [message({ attachments })] });
  const lifetimesFor = async (flags: Record<string, unknown>) => {
    await using assistant = await app.assistant(account, { flags });
    const read = await assistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0] });
    const [link] = Linked.parse(read).attachments;
    const seconds = Number(new URL(link?.url ?? '').searchParams.get('X-Amz-Expires'));
    return { seconds, tokenSeconds: assistant.provider.tokens()?.expires_in ?? 0 };
  };
  const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const day = await lifetimesFor({ expiresAt: inHours(24) });
  expect(day.seconds).toBeLessThanOrEqual(24 * 3600);
  // Longer than the access token: the grant continues after it.
  expect(day.seconds).toBeGreaterThan(8 * 3600);
  const hour = await lifetimesFor({ expiresAt: inHours(1) });
  expect(hour.seconds).toBeLessThanOrEqual(3600);
  expect(hour.tokenSeconds).toBeLessThanOrEqual(3600);
  expect(await lifetimesFor({})).toEqual({ seconds: 7 * 24 * 3600, tokenSeconds: 8 * 3600 });
});
