import { destination as fileDestination, pino, stdTimeFunctions } from 'pino';
import type { Config } from './settings/config.ts';

/** What the rest of the code may log with: a JSON object a line. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Names under which a secret, an address or a text could slip in; dropped wherever they stand, three levels deep. */
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

/** Lines are written together, a tenth of a second late at most: a write of its own for every line is an eighth of the cost of a call. */
const TOGETHER = { minLength: 4096, periodicFlush: 100 };

/** Logs JSON lines to `destination` (standard output when absent) from `level` up. */
export function createLog(level: Config['logLevel'], destination?: { write(line: string): void }): Log {
  const options = {
    level: level.toLowerCase(),
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: (fields: object) => withoutSecrets(fields, 3) },
  };
  return pino(options, destination ?? fileDestination({ dest: 1, sync: false, ...TOGETHER }));
}

/** pino's own redaction, by path, costs twenty times the rest of a line. */
function withoutSecrets(fields: object, levels: number): Record<string, unknown> {
  const kept = Object.entries(fields).filter(([name]) => !SECRET_FIELDS.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, cleaned(value, levels - 1)]));
}

function cleaned(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null || levels === 0) return value;
  return Array.isArray(value) ? value.map((one) => cleaned(one, levels - 1)) : withoutSecrets(value, levels);
}

/**
 * What may be logged of an error: its name, its code and where it was thrown in our code. Never its message: messages of mail
 * libraries quote the server, and servers quote addresses, subjects and at times the password.
 */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    at: error.stack
      ?.split('\n')
      // The message is in there too, and can have several lines.
      .filter((line) => /^ {4}at /.test(line))
      .slice(0, 5)
      .map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
