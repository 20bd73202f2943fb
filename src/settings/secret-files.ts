/** Reads secrets from files: `NAME_FILE` is the path of a file that contains the value of `NAME`, as orchestrators mount them. */
import { readFileSync } from 'node:fs';

/** What is set: variables that are not empty, and the contents of the files of secrets. */
export interface Given {
  values: NodeJS.ProcessEnv;
  /** A sentence for each secret whose file cannot be used, by the name of the secret. */
  faults: ReadonlyMap<string, string>;
}

const SUFFIX = '_FILE';
const MAX_FILE_BYTES = 65_536;

/**
 * @param secrets names of the variables that may be in a file
 * @returns `NAME=` in an env file means not set; blanks and line ends around the content of a file do not count
 */
export function readGiven(env: NodeJS.ProcessEnv, secrets: readonly string[]): Given {
  const values = withoutEmpty(env);
  const faults = new Map<string, string>();
  for (const name of secrets) {
    const path = values[name + SUFFIX];
    if (path === undefined) continue;
    const content = values[name] === undefined ? readSecret(path) : { fault: `and ${name} are both set: remove one` };
    if ('fault' in content) faults.set(name, `${name}${SUFFIX} ${content.fault}`);
    else values[name] = content.text;
  }
  return { values, faults };
}

function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''));
}

function readSecret(path: string): { text: string } | { fault: string } {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_FILE_BYTES) return { fault: 'must be the path of a file of at most 64 KiB' };
    const text = bytes.toString('utf8').trim();
    return text === '' ? { fault: 'is the path of an empty file' } : { text };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown error';
    return { fault: `is the path of a file that cannot be read (${code})` };
  }
}
