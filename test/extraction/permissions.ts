/** Tries, in an extraction process that is not locked down yet, what Node's permission model forbids. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { toAnswerBytes } from '../../src/extraction/answer-bytes.ts';

const attempts: Record<string, () => unknown> = {
  'read a file of the system': () => readFileSync('/etc/hostname'),
  'read the environment of a process': () => readFileSync('/proc/self/environ'),
  'read the settings': () => readFileSync(new URL('../../.env', import.meta.url)),
  'list a folder': () => readdirSync('/'),
  'write a file': () => writeFileSync('/tmp/mail-mcp-extraction', 'x'),
  'start a program': () => {
    const { error } = spawnSync('/bin/true');
    if (error !== undefined) throw error;
  },
  'start a thread': () => new Worker('0', { eval: true }),
  'compile a text': () => Reflect.get(attempts, 'constructor').constructor('return 1')(),
};

const done: string[] = [];
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    attempt();
    done.push(name);
  } catch {
    // As it should be.
  }
}
const text = JSON.stringify({ done, environment: Object.keys(process.env), folder: process.cwd() });
const answer = { text, isMore: false, totalChars: null, pages: null, hiddenLetters: 0, leftOut: [], remarks: [] };
process.stdout.write(toAnswerBytes(answer));
