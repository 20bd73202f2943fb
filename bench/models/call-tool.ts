/** `call TOOL 'JSON'`: calls a tool through the process that try-model.ts runs, and prints what a model gets. */
import { once } from 'node:events';
import { request } from 'node:http';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const Answer = z.object({ text: z.string(), isError: z.boolean() });

const [socketPath = '', tool = '', json = '{}'] = process.argv.slice(2);
const sent = request({ socketPath, method: 'POST', path: '/' });
sent.end(JSON.stringify({ tool, json }));
const [response] = await once(sent, 'response').catch(() => {
  process.stderr.write('The server has ended.\n');
  process.exit(1);
});
const answer = Answer.parse(JSON.parse(await text(response)));
process.stdout.write(`${answer.isError ? 'Error: ' : ''}${answer.text}\n`);
process.exitCode = answer.isError ? 1 : 0;
