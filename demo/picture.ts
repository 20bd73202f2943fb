/** `npm run demo:picture`: runs the demo, and draws what it printed as docs/demo-light.svg and docs/demo-dark.svg. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { drawTerminal } from './draw-terminal.ts';

const ROOT = join(import.meta.dirname, '..');

const output = execFileSync(process.execPath, ['demo/demo.ts'], {
  cwd: ROOT,
  encoding: 'utf8',
  env: { ...process.env, FORCE_COLOR: '1' },
});
for (const look of ['light', 'dark'] as const) {
  writeFileSync(join(ROOT, 'docs', `demo-${look}.svg`), drawTerminal(output, look));
}
