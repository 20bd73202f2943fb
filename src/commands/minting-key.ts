/** `mail-mcp minting-key`: makes the pair of keys with which clients are signed. */
import { generateMintingKeys } from '../settings/minting-keys.ts';

/** @returns two lines of an env file */
export function mintingKeys(): string {
  const { privateKey, publicKey } = generateMintingKeys();
  return [
    '# Where generate runs, and nowhere else:',
    `MINTING_PRIVATE_KEY=${privateKey.toString('base64')}`,
    '# On every server, and where generate runs:',
    `MINTING_PUBLIC_KEY=${publicKey.toString('base64')}`,
    '',
  ].join('\n');
}
