/** Says what the server does not offer, or does for each process alone, without Redis: a sentence each, for the operator. */
import type { Config } from '../settings/config.ts';

export function missingWithoutRedis({ redisUrl, replicas }: Pick<Config, 'redisUrl' | 'replicas'>): string[] {
  if (redisUrl !== undefined) return [];
  return [
    'Nothing can be revoked: clients have no revocation endpoint, the account page has no button, and mail-mcp deny does not work (DENIED_CLIENTS does).',
    ...(replicas > 1
      ? [
          'A code is used once in each process, so it can be used once on each replica.',
          'Public clients get no refresh tokens: reuse of an old one would not be detected.',
          'Limits count in each process alone: those of sign-ins, token requests and sent messages.',
        ]
      : [
          'A restart forgets which codes and refresh tokens were used, and all counts. It may end sign-ins at providers that replace refresh tokens.',
        ]),
    'Refresh tokens of providers that are too long for a token are refused at the sign-in.',
  ];
}
