/** Starts an IMAP server with labels (X-GM-EXT-1): a mailbox whose messages have flags and X-GM-LABELS. */
import { type Script, type ScriptedImap, startScriptedImap } from './scripted-imap.ts';

export interface LabelImap extends ScriptedImap {
  /** Labels by UID, as the server stores them (modified UTF-7). */
  labels: Map<number, Set<string>>;
  flags: Map<number, Set<string>>;
}

/** @param answer answers before the server does, for its faults */
export async function startLabelImap(
  stored: Record<number, string[]>,
  answer: Script = () => undefined,
): Promise<LabelImap> {
  const labels = new Map(Object.entries(stored).map(([uid, own]) => [Number(uid), new Set(own)]));
  const flags = new Map([...labels.keys()].map((uid) => [uid, new Set<string>()]));
  const script: Script = (command, socket, tag) => answer(command, socket, tag) ?? respond(command, { labels, flags });
  const server = await startScriptedImap(script, { capabilities: 'IMAP4rev1 MOVE UIDPLUS X-GM-EXT-1' });
  return Object.assign(server, { labels, flags });
}

type Stored = Pick<LabelImap, 'labels' | 'flags'>;

function respond(command: string, stored: Stored): string | undefined {
  const [, verb = '', rest = ''] = /^(SELECT|EXAMINE|UID SEARCH|UID FETCH|UID STORE|LIST)(.*)$/.exec(command) ?? [];
  switch (verb) {
    case 'SELECT':
    case 'EXAMINE':
      return `* ${stored.labels.size} EXISTS\n* OK [UIDVALIDITY 7] valid\n* OK [PERMANENTFLAGS (\\Seen \\*)] kept\nTAG OK [READ-${verb === 'SELECT' ? 'WRITE' : 'ONLY'}] open`;
    case 'LIST':
      return '* LIST (\\HasNoChildren) "/" "INBOX"\n* LIST (\\HasNoChildren) "/" "Work"\n* LIST (\\HasNoChildren) "/" "Secret"\nTAG OK listed';
    case 'UID SEARCH':
      return `* SEARCH${found(rest, stored)
        .map((uid) => ` ${uid}`)
        .join('')}\nTAG OK found`;
    case 'UID FETCH':
      return [...uidsIn(rest, stored).map((uid) => row(uid, stored)), 'TAG OK fetched'].join('\n');
    case 'UID STORE':
      return [...change(rest, stored).map((uid) => row(uid, stored)), 'TAG OK stored'].join('\n');
    default:
      return undefined;
  }
}

function row(uid: number, { labels, flags }: Stored): string {
  const own = [...(labels.get(uid) ?? [])].map((label) => `"${label.replaceAll('\\', '\\\\')}"`);
  return `* ${uid} FETCH (UID ${uid} X-GM-LABELS (${own.join(' ')}) FLAGS (${[...(flags.get(uid) ?? [])].join(' ')}))`;
}

function found(criteria: string, { labels }: Stored): number[] {
  const wanted = [...criteria.matchAll(/(NOT )?X-GM-LABELS "([^"]*)"/g)];
  return [...labels.keys()].filter((uid) =>
    wanted.every(([, not, label = '']) => (labels.get(uid)?.has(label) ?? false) === (not === undefined)),
  );
}

function uidsIn(text: string, { labels }: Stored): number[] {
  const [set = ''] = /[\d,:]+/.exec(text) ?? [];
  const ranges = set.split(',').map((part) => part.split(':').map(Number));
  return [...labels.keys()].filter((uid) => ranges.some(([low = 0, high = low]) => uid >= low && uid <= high));
}

function change(text: string, stored: Stored): number[] {
  const [, sign, item, list = ''] = /([+-])(X-GM-LABELS|FLAGS) \((.*)\)/.exec(text) ?? [];
  const names = [...list.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const uids = uidsIn(text, stored);
  for (const uid of uids) {
    const own = (item === 'FLAGS' ? stored.flags : stored.labels).get(uid);
    for (const name of names)
      if (sign === '+') own?.add(name);
      else own?.delete(name);
  }
  return uids;
}
