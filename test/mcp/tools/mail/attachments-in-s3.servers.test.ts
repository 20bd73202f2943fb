import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { freePort } from '../../../support/servers/ports.ts';
import { testServers } from '../../../support/servers/servers.ts';

function s3Environment(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { endpoint, region, accessKeyId, secretAccessKey, bucket } = testServers().s3;
  return {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_S3_BUCKET: bucket,
    AWS_S3_FORCE_PATH_STYLE: 'true',
    ...overrides,
  };
}

let app: TestApp;
beforeAll(async () => {
  app = await startApp(s3Environment());
});
afterAll(() => app.stop());

const content = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 31) % 256));
const withAttachment = () =>
  message({ text: 'See below', attachments: [{ filename: 'Größe.bin', contentType: 'application/x-thing', content }] });

describe('get_mail_message with S3', () => {
  test('an attachment has a presigned URL for 7 days, to the same object each time', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [withAttachment()] });
    await using assistant = await app.assistant(account);
    const urlOf = async () => {
      const { attachments } = await assistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0] });
      return new URL((attachments as [{ url: string }])[0].url);
    };
    const [first, second] = [await urlOf(), await urlOf()];
    expect(first.origin).toBe(testServers().s3.endpoint);
    expect(first.searchParams.get('X-Amz-Expires')).toBe('604800');
    expect(second.pathname).toBe(first.pathname);
    const response = await fetch(first);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  });

  test('the same URL attaches the file to a draft', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [withAttachment()] });
    await using assistant = await app.assistant(account);
    const { attachments } = await assistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0] });
    const [{ url }] = attachments as [{ url: string }];
    await assistant.call('create_draft_mail_message', {
      to: '',
      subject: 'With file',
      text_body: 'x',
      attachment_urls: [url],
    });
    const [draft] = await messagesIn(account, 'Drafts');
    expect(draft?.raw.replaceAll('\r\n', '')).toContain(content.toString('base64'));
  });

  test('a message stays readable when the store is down, and says so', async () => {
    await using lonely = await startApp(s3Environment({ AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${await freePort()}` }));
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [withAttachment()] });
    await using assistant = await lonely.assistant(account);
    expect(await assistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0] })).toMatchObject({
      text_body: expect.stringContaining('See below'),
      attachments: [expect.not.objectContaining({ url: expect.anything() })],
      warnings: [expect.stringContaining('attachment store')],
    });
  });
});
