/** Writes the log: JSON lines, without secrets. */
import { destination as fileDestination, pino, stdTimeFunctions } from 'pino';
import type { Config } from './settings/config.ts';

/** Writes one JSON object per line. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Fields that could contain a secret, an address or message text; removed from every line, three levels deep. */
const SECRET_FIELDS = new Set([
  'password',
  'username',
  'user',
  'pass',
  'email',
  'fullName',
  'token',
  'authorization',
  'cookie',
  'body',
  'subject',
  'to',
  'client_secret',
  'clientSecret',
]);

/** Lines are buffered for at most 100 ms: one write per line would be an eighth of the CPU time of a call. */
const BUFFERING = { minLength: 4096, periodicFlush: 100 };

/** Logs JSON lines to `destination` (standard output when absent) from `level` up. */
export function createLog(level: Config['logLevel'], destination?: { write(line: string): void }): Log {
  const options = {
    level: level.toLowerCase(),
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: (fields: object) => withoutSecrets(fields, 3) },
  };
  return pino(options, destination ?? fileDestination({ dest: 1, sync: false, ...BUFFERING }));
}

/** The fields without secrets. Redaction by path in pino takes twenty times as long as the rest of a line. */
function withoutSecrets(fields: object, levels: number): Record<string, unknown> {
  const kept = Object.entries(fields).filter(([name]) => !SECRET_FIELDS.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutSecretsInside(value, levels - 1)]));
}

function withoutSecretsInside(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null || levels === 0) return value;
  return Array.isArray(value)
    ? value.map((one) => withoutSecretsInside(one, levels - 1))
    : withoutSecrets(value, levels);
}

/**
 * Describes an error for the log: its name, its code and where it was thrown. Never its message: messages of mail libraries
 * quote the server, and servers quote addresses, subjects and sometimes the password.
 */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    at: error.stack
      ?.split('\n')
      // The stack begins with the message, which can have several lines.
      .filter((line) => /^ {4}at /.test(line))
      .slice(0, 5)
      .map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
