/** Lists examples of each command, which its help shows. */

interface Example {
  /** The arguments after `mail-mcp`, as in a POSIX shell. */
  line: string;
  does: string;
}

const HOSTS = '--imap-host=imap.example.com --smtp-host=smtp.example.com';

export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  generate: [
    { line: `generate ${HOSTS}`, does: 'for Claude and MCP Inspector' },
    { line: `generate ${HOSTS} \\\n    --preset=claude-code,codex`, does: 'for clients without a secret' },
    { line: `generate ${HOSTS} \\\n    --methods=read`, does: 'reading only' },
    {
      line: `generate ${HOSTS} \\\n    --recipients=@example.com --max-sends-per-hour=20`,
      does: 'sending to one domain, 20 messages an hour',
    },
    { line: 'generate --missive', does: 'a Missive account' },
  ],
  token: [
    { line: 'token --client-id=ID', does: 'all that the client allows, for 90 days' },
    { line: 'token --client-id=ID --scope=mail.read --expires-at=2027-01-31', does: 'reading only' },
  ],
  doctor: [
    { line: 'doctor', does: 'settings, BASE_URL, S3, Redis, clock' },
    { line: 'doctor --client-id=ID --login', does: 'its mail servers too, and a login' },
  ],
  'minting-key': [{ line: 'minting-key > minting-keys.env', does: 'two lines of an env file' }],
  inspect: [
    { line: 'inspect ID', does: 'a client id or a token' },
    { line: 'inspect < token.txt', does: 'the same, not in the history of the shell' },
  ],
  deny: [{ line: 'deny ID', does: 'by client id' }],
  allow: [{ line: 'allow ID', does: 'by client id' }],
  server: [{ line: 'server', does: 'with the settings of .env' }],
  completion: [
    { line: 'completion bash > /etc/bash_completion.d/mail-mcp', does: 'for all users of bash' },
    { line: 'completion zsh > ~/.zfunc/_mail-mcp', does: 'zsh, with ~/.zfunc in fpath' },
    { line: 'completion fish > ~/.config/fish/completions/mail-mcp.fish', does: 'fish' },
  ],
};

/** @returns the examples as the help shows them */
export function examplesOf(command: string): string {
  const examples = EXAMPLES[command] ?? [];
  return ['', 'Examples:', ...examples.flatMap(({ line, does }) => [`  # ${does}`, `  mail-mcp ${line}`])].join('\n');
}
