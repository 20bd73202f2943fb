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

  export interface Token {
    type: string;
    value: string;
  }

  export interface FetchQuery {
    /** Start and length. */
    partial?: number[];
  }

  type FetchHandler = (connection: unknown, message: unknown, query: FetchQuery) => unknown;
  type CommandHandler = (
    connection: unknown,
    parsed: { attributes?: (Token | Token[])[] },
    data: unknown,
    callback: () => void,
  ) => void;

  export interface ImapServer {
    server: Server;
    fetchHandlers: Record<string, FetchHandler>;
    getCommandHandler(command: string): CommandHandler;
    setCommandHandler(command: string, handler: CommandHandler): void;
    getMailbox(path: string): { messages: Message[] };
    listen(port: number, host: string, listening: () => void): void;
    close(closed: () => void): void;
    appendMessage(mailbox: string, flags: string[], internaldate: string | undefined, raw: string): void;
  }

  export default function hoodiecrow(options: {
    plugins?: (string | ((server: ImapServer) => void))[];
    users?: Record<string, { password: string }>;
    storage?: Record<string, Folder>;
  }): ImapServer;
}

declare module 'hoodiecrow-imap/lib/commands/handlers/fetch.js' {
  import type { FetchQuery } from 'hoodiecrow-imap';

  const handlers: { BODY(connection: unknown, message: unknown, query: FetchQuery): unknown };
  export default handlers;
}
