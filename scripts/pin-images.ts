/** Writes the present digest behind each tag of an image in Dockerfile and compose.yaml. Needs Docker with buildx. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const PINNED = /([\w./-]+:[\w.-]+)@sha256:[\da-f]{64}/g;

/** @returns the digest of the index of all platforms */
function digestOf(image: string): string {
  const args = ['buildx', 'imagetools', 'inspect', image, '--format', '{{json .Manifest.Digest}}'];
  const digest: unknown = JSON.parse(execFileSync('docker', args, { encoding: 'utf8' }));
  if (typeof digest !== 'string' || !/^sha256:[\da-f]{64}$/.test(digest)) throw new Error(`${image} has no digest`);
  return digest;
}

for (const file of ['Dockerfile', 'compose.yaml']) {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(PINNED, (_pinned, image: string) => `${image}@${digestOf(image)}`);
  if (before !== after) writeFileSync(file, after);
  for (const [pinned] of after.matchAll(PINNED)) console.log(`${file}: ${pinned}`);
}
