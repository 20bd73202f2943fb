/** Declares the parts of hoodiecrow-imap that the demo uses. */
declare module 'hoodiecrow-imap' {
  import type { Server } from 'node:net';

  interface Message {
    raw: string | Buffer;
    flags?: string[];
    internaldate?: string;
  }

  interface Folder {
    messages?: Message[];
    'special-use'?: string;
    folders?: Record<string, Folder>;
    separator?: string;
    subscribed?: boolean;
  }

  interface ImapServer {
    server: Server;
    listen(port: number, host: string, listening: () => void): void;
    close(closed: () => void): void;
    appendMessage(mailbox: string, flags: string[], internaldate: string | undefined, raw: string): void;
  }

  export default function hoodiecrow(options: {
    plugins?: string[];
    users?: Record<string, { password: string }>;
    storage?: Record<string, Folder>;
  }): ImapServer;
}
