/** Provides messages with a file, which every message that forwards them must have too. */
import { randomBytes } from 'node:crypto';
import { message, type TestMessage } from '../test/support/mail/build-message.ts';
import { newSubject } from './actor.ts';

const FILE = randomBytes(30_000);
const FILE_AS_TEXT = FILE.toString('base64');
const MESSAGES = 3;

export const newSubjectWithFile = (): string => newSubject('f');

/** Whether a message must have the file. */
export const hasFile = ({ subject }: { subject: string }): boolean => subject.startsWith('f');

export async function messagesWithFile(): Promise<{ subject: string; message: TestMessage }[]> {
  const attachments = [{ filename: 'soak.bin', content: FILE }];
  return Promise.all(
    Array.from({ length: MESSAGES }, async () => {
      const subject = newSubjectWithFile();
      const messageId = `<${subject}@soak.test>`;
      return { subject, message: await message({ subject, messageId, attachments, date: new Date() }) };
    }),
  );
}

export function isComplete({ subject, raw }: { subject: string; raw: string }): boolean {
  return !hasFile({ subject }) || raw.replaceAll('\r\n', '').includes(FILE_AS_TEXT);
}
