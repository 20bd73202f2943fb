/**
 * Writes the command line of an extraction process: its program, what it may read, and the limits that the system keeps.
 *
 * The launcher is a shell, because limits of a process can only be set before it starts: no core dump, no file, CPU time, a low priority, and
 * the first to be ended when memory runs out. Where there is no shell, the process runs without these.
 */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export interface ChildCommand {
  file: string;
  args: readonly string[];
}

/** The libraries that formats use, with those that these use. */
const LIBRARIES = [
  ...[
    'unpdf',
    'fflate',
    'saxes',
    'xmlchars',
    'iconv-lite',
    'safer-buffer',
    'libmime',
    'encoding-japanese',
    'libbase64',
  ],
  ...['libqp', 'parse5', 'entities', 'parse5-htmlparser2-tree-adapter', 'domhandler', 'domelementtype', 'domutils'],
  ...['dom-serializer', 'css-tree', 'mdn-data', 'source-map-js', 'css-select', 'css-what', 'boolbase', 'nth-check'],
  ...['colord', 'ical.js', 'tldts', 'tldts-core', 'windows-iana', 'zod'],
];

/** CPU seconds at which the system ends the process, should this one not do it. */
const MAX_CPU_SECONDS = 7;
const NICENESS = 5;
const SHELL = '/bin/sh';
const LAUNCHER = [
  'ulimit -c 0 2>/dev/null',
  'ulimit -f 0 2>/dev/null',
  `ulimit -t ${MAX_CPU_SECONDS} 2>/dev/null`,
  'echo 1000 2>/dev/null >/proc/self/oom_score_adj',
  `command -v nice >/dev/null && exec env -i nice -n ${NICENESS} "$@"`,
  'exec "$@"',
].join('; ');

const isSource = import.meta.url.endsWith('.ts');

/** The program of the process: `.ts` in the source tree, `.js` in the build. */
const PROGRAM = new URL(`./child/main${isSource ? '.ts' : '.js'}`, import.meta.url);

/** @param program another one, for tests */
export function childCommand(heapMb: number, program: URL = PROGRAM): ChildCommand {
  const flags = [
    ...['--permission', ...readablePlaces(program).map((path) => `--allow-fs-read=${path}`)],
    ...['--disallow-code-generation-from-strings', '--disable-proto=delete', '--no-warnings', '--no-addons'],
    ...[`--max-old-space-size=${heapMb}`, '--max-semi-space-size=2', '--v8-pool-size=1'],
  ];
  const command = [process.execPath, ...flags, fileURLToPath(program)];
  if (process.platform === 'win32' || !existsSync(SHELL)) return { file: process.execPath, args: command.slice(1) };
  return { file: SHELL, args: ['-c', LAUNCHER, 'sh', ...command] };
}

/** True if this Node has what keeps the process apart (22.15 or later). */
export function canIsolate(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}

/** The code of this server and of the libraries above, with the file that says what kind of modules it has. */
function readablePlaces(program: URL): string[] {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const own = [`${root}*`, join(root, '..', 'package.json'), fileURLToPath(program), `${realpathSync(root)}/*`];
  return [...new Set([...own, ...LIBRARIES.flatMap((library) => placesOf(library, root))])];
}

/**
 * The folders in which a library is looked for, up to the one in which it is: Node refuses a module if it may not look. None for a library
 * that is within the folder of another.
 */
function placesOf(library: string, from: string): string[] {
  const places: string[] = [];
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', library);
    const links = linksIn(place);
    // Node does not follow a link if something below it is allowed beside it.
    places.push(...(links.length > 0 ? links : [`${place}/*`]));
    if (existsSync(place)) return [...places, `${realpathSync(place)}/*`];
    if (folder === dirname(folder)) return [];
  }
}

/** The symbolic links on the way to a folder, which Node follows to load what is in it. */
function linksIn(folder: string): string[] {
  const parent = dirname(folder);
  if (parent === folder) return [];
  return [...(lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() ? [folder] : []), ...linksIn(parent)];
}
