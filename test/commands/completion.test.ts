/** Checks `mail-mcp completion`: the script for bash is loaded and asked, the others name all that there is. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import { FLAG_LIST, toFlagName } from '../../src/minting/flag-table.ts';

async function script(shell: string): Promise<string> {
  const out: string[] = [];
  expect(await main(['completion', shell], {}, { out: (text) => void out.push(text), err: () => {} })).toBe(0);
  return out.join('');
}

/** What bash offers for words that it has split as it does: at blanks and at `=`. The last word is completed. */
function offers(completion: string, questions: readonly (readonly string[])[]): string[][] {
  const ask = questions.map(
    (words) =>
      `COMP_WORDS=(mail-mcp ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _mail_mcp 2>/dev/null; echo "\${COMPREPLY[*]}"`,
  );
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', `${completion}\n${ask.join('\n')}`], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
}

test('SHELL-05 bash completes commands, flags, values, and the last entry of a list', async () => {
  const [commands, flags, values, begun, entry, ofToken, asWord, shells] = offers(await script('bash'), [
    ['ge'],
    ['generate', '--max'],
    ['generate', '--preset', '='],
    ['generate', '--methods', '=', 're'],
    ['generate', '--json', '--preset', '=', 'claude,cod'],
    ['token', '--'],
    ['generate', '--preset', 'chat'],
    ['completion', ''],
  ]);
  expect(commands).toEqual(['generate']);
  expect(flags).toEqual(['--max-sends-per-hour=', '--max-changes-per-hour=']);
  expect(values).toEqual(expect.arrayContaining(['claude', 'claude-code', 'chatgpt']));
  expect(begun).toEqual(['read']);
  expect(entry).toEqual(['claude,codex']);
  expect(ofToken).toEqual(['--client-id=', '--scope=', '--expires-at=', '--time-zone=', '--json']);
  expect(asWord).toEqual(['chatgpt']);
  expect(shells).toEqual(['bash', 'zsh', 'fish']);
});

test.each(['bash', 'zsh', 'fish'])('SHELL-05 %s: every flag of generate is there', async (shell) => {
  const completion = await script(shell);
  for (const { name, kind } of FLAG_LIST) {
    const flag = kind === 'off' ? toFlagName(`no-${name}`) : toFlagName(name);
    expect(completion).toContain(shell === 'fish' ? `-l ${flag.slice(2)}` : flag);
  }
});

test('a shell that is not known is refused with those that are', async () => {
  const err: string[] = [];
  const exitCode = await main(['completion', 'tcsh'], {}, { out: () => {}, err: (text) => void err.push(text) });
  expect(exitCode).toBe(2);
  expect(err.join('')).toContain('Allowed choices are bash, zsh, fish.');
});
