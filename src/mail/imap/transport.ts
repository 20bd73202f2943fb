/** Adapts imapflow: its transport, parser and STARTTLS are used, its commands are not. */
import type { Socket } from 'node:net';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import compile from 'imapflow/lib/handler/imap-compiler.js';
import parse from 'imapflow/lib/handler/imap-parser.js';
import type { ImapAttribute } from 'imapflow/lib/handler/types.js';
import { nextTurn } from '../../workers/event-loop.ts';
import { NodeBudget } from './bounded-item.ts';
import { type ParsedResponse, string, type Token } from './data-formats.ts';
import { preauthenticatedFault } from './faults.ts';
import { parseFetch } from './fetch-response.ts';
import { classifyLine, type RawLine, withSetAsLiteral } from './raw-line.ts';
import { type ResponseStream, readInSlices } from './slices.ts';
import { UntaggedLimit } from './untagged-limit.ts';

declare module 'imapflow' {
  interface ImapFlow {
    handleResponse(line: RawLine): Promise<boolean>;
  }
}

/** One command in the form that imapflow executes. */
export interface TransportRequest {
  command: string;
  attributes: readonly Token[];
  options: {
    untagged?: Record<string, (response: ParsedResponse) => Promise<void>>;
    onPlusTag?: (response?: ParsedResponse) => Promise<void>;
    /** Called when the command was written. */
    onSend?: () => void;
  };
}

/** The tagged OK of a command. No further line of the server is read until `next` is called. */
export interface Executed {
  response: ParsedResponse;
  next(): void;
}

/** A command in imapflow's queue. */
interface Queued extends TransportRequest {
  tag: string;
  /** imapflow's own mark: the command has been written. It rejects the tagged response to a command without it. */
  sent?: boolean;
}

/** imapflow with the members that its types omit, and with a session start of two steps: greeting and login. */
export class Transport extends ImapFlow {
  declare readonly exec: (
    command: string,
    attributes: readonly Token[],
    options: TransportRequest['options'],
  ) => Promise<Executed>;
  declare readonly run: (command: string) => Promise<unknown>;
  declare readonly write: (line: string | Buffer) => void;
  declare readonly send: (request: Queued) => Promise<void>;
  declare readonly rejectCurrentRequest: (error: unknown) => void;
  declare readonly requestQueue: Queued[];
  declare readonly requestTagMap: Map<
    string,
    TransportRequest & { resolve(executed: Executed): void; reject(error: unknown): void }
  >;
  declare currentRequest: Queued | false;
  declare commandParts: Buffer[];
  declare tagCounter: number;
  declare readonly getUntaggedHandler: (
    command: string,
    attributes: ParsedResponse['attributes'],
  ) => ((response: ParsedResponse) => Promise<void>) | undefined;
  declare readonly setAuthenticationState: () => Promise<void>;
  declare expectCapabilityUpdate: boolean;
  declare readonly socket: Socket | false | null;
  declare readonly streamer: ResponseStream;
  declare readonly untaggedHandlers: Record<string, ((response: ParsedResponse) => Promise<void>) | null>;
  /** Logs in on this connection. */
  logIn: (() => Promise<void>) | undefined;
  /** Called when the credentials are about to be sent. */
  onLogin: (() => void) | undefined;
  /** What the server has said of a way to log in that it does not know. */
  unknownWay: unknown;
  readonly #untagged = new UntaggedLimit();
  #budget = new NodeBudget();
  #budgetOf: unknown;

  constructor(options: ImapFlowOptions) {
    super(options);
    readInSlices(this.streamer);
  }

  /** Called by imapflow after the greeting. Omits the ID, NAMESPACE, COMPRESS and ENABLE of imapflow's own method, each of which is a round trip. */
  async startSession(): Promise<void> {
    // PREAUTH would mean the session of another user, or a STARTTLS that an attacker has removed (RFC 9051 §11.1).
    if (this.state !== this.states.NOT_AUTHENTICATED) throw preauthenticatedFault();
    if (this.capabilities.size === 0) await this.run('CAPABILITY');
    await this.upgradeToSTARTTLS();
    this.onLogin?.();
    // Some servers list it only before the login, others only after it.
    const offersId = this.capabilities.has('ID');
    if (this.logIn === undefined) throw new Error('no login');
    this.expectCapabilityUpdate = true;
    await this.logIn();
    await this.setAuthenticationState();
    this.usable = true;
    if (offersId || this.capabilities.has('ID')) await this.#sendId();
  }

  /** Writes bytes as they are. Fulfilled when the operating system has accepted them. */
  sendRaw(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.socket || this.socket.destroyed) return reject(new Error('the connection is closed'));
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /**
   * Sends ID (RFC 2971) without waiting for the answer. NetEase (163.com, 126.com, yeah.net) and other servers with its software refuse to open a
   * mailbox until the client has sent it ("Unsafe Login").
   *
   * @returns when it was written: the commands that follow are written behind it
   */
  #sendId(): Promise<void> {
    return new Promise((resolve) => {
      this.exec('ID', [['name', 'mail-mcp'].map(string)], { onSend: resolve }).then(
        ({ next }) => next(),
        () => resolve(),
      );
    });
  }

  /**
   * Runs commands in one round trip: all are written at once, and the server answers them in their order (RFC 9051 §5.5). imapflow
   * passes each untagged response to its current command, which is the first without a tagged response; a tagged response out of order
   * ends the connection, because it is unknown to which command the untagged responses before it belong.
   *
   * Commands with a literal are sent one by one, unless the server takes literals that are not announced (RFC 7888), and so are commands that
   * follow others that still run. Only ID may still run.
   *
   * @returns one promise for each command; `next` of each that is fulfilled has to be called
   */
  pipeline(commands: readonly TransportRequest[]): Promise<Executed>[] {
    const [first] = commands;
    const isAlone = commands.length === 1 && !(this.#isIdRunning && MAY_FOLLOW_ID.test(first?.command ?? ''));
    if (isAlone || commands.some(({ attributes }) => this.#waitsForServer(attributes))) {
      return commands.map(({ command, attributes, options }) => this.exec(command, attributes, options));
    }
    const requests = commands.map((command) => {
      this.tagCounter += 1;
      return { ...command, tag: this.tagCounter.toString(16).toUpperCase(), ...Promise.withResolvers<Executed>() };
    });
    this.#writeAll(requests).catch((error: unknown) => {
      for (const { reject } of requests) reject(error);
    });
    return requests.map(({ promise }) => promise);
  }

  /** True if a literal of up to 4,096 bytes may follow without a continuation request (RFC 7888). */
  get #takesLiterals(): boolean {
    return ['LITERAL-', 'LITERAL+', 'IMAP4rev2'].some((capability) => this.capabilities.has(capability));
  }

  /** True if the server has to ask for a literal among the tokens. */
  #waitsForServer(tokens: readonly Token[]): boolean {
    return tokens.some((token) => {
      if (!('type' in token)) return this.#waitsForServer(token);
      return token.type === 'LITERAL' && !(this.#takesLiterals && token.value.length <= MAX_UNASKED_BYTES);
    });
  }

  get #isIdRunning(): boolean {
    return this.currentRequest !== false && this.currentRequest.command === 'ID' && this.currentRequest.sent === true;
  }

  async #writeAll(
    requests: readonly (Queued & { resolve(executed: Executed): void; reject(error: unknown): void })[],
  ): Promise<void> {
    const lines = await Promise.all(
      requests.map(({ tag, command, attributes }) =>
        compile(
          { tag, command, attributes: toAttributes(attributes) },
          { asArray: true, literalMinus: this.#takesLiterals },
        ),
      ),
    );
    const isFree = this.requestQueue.length === 0 && (!this.currentRequest || this.#isIdRunning);
    if (isFree) {
      // A literal that was refused before it was sent is left here: write() would omit the CRLF.
      this.commandParts = [];
      this.write(Buffer.concat(lines.flatMap((line, index) => (index === 0 ? line : [CRLF, ...line]))));
    }
    for (const { tag, command, attributes, options, resolve, reject } of requests) {
      this.requestTagMap.set(tag, { command, attributes, options, resolve, reject });
      this.requestQueue.push({ tag, command, attributes, options, sent: isFree });
    }
    await this.trySend();
  }

  /** Replaces imapflow's method: makes the next command the current one, and writes it unless pipeline() has written it. */
  async trySend(): Promise<void> {
    while (!this.currentRequest) {
      const request = this.requestQueue.shift();
      if (request === undefined) return;
      this.currentRequest = request;
      if (request.sent === true) return;
      try {
        await this.send(request);
        return;
      } catch (error) {
        this.commandParts = [];
        this.rejectCurrentRequest(error);
      }
    }
  }

  /**
   * Data responses bypass imapflow's method, which serializes every response for a log that is disabled, and so takes longer than parsing.
   * Long ones are not given to its parser, whose time is not bounded.
   */
  override async handleResponse(line: RawLine): Promise<boolean> {
    if (!this.#untagged.admits(line, this.currentRequest)) return this.#refuse(line);
    if (this.#untagged.isTurnDue) await nextTurn();
    switch (classifyLine(line)) {
      case 'too long':
        // An untagged response without its data is worth nothing; without the tagged one the command has no end.
        return line.payload[0] === ASTERISK ? true : this.#refuse(line);
      case 'long fetch':
        return this.#handleData(line, (fetch) => parseFetch(fetch, this.#nodes()));
      case 'data':
        return this.#handleData(line, ({ payload, literals }) => parse(payload, { literals }));
      case 'other':
        return super.handleResponse(line);
    }
  }

  async #handleData(line: RawLine, parseLine: (line: RawLine) => Promise<ParsedResponse>): Promise<boolean> {
    // A response that cannot be parsed is ignored, as in imapflow.
    const response = await parseLine(withSetAsLiteral(line)).catch(() => undefined);
    if (response?.command !== undefined) {
      await this.getUntaggedHandler(response.command, response.attributes)?.(response);
    }
    return true;
  }

  /** The budget of the running command. */
  #nodes(): NodeBudget {
    if (this.#budgetOf !== this.currentRequest) this.#budget = new NodeBudget();
    this.#budgetOf = this.currentRequest;
    return this.#budget;
  }

  #refuse({ payload }: RawLine): boolean {
    const error = Object.assign(new Error(`a response of ${payload.length} bytes`), { code: 'ResponseTooLarge' });
    // The reason for all commands that are running.
    this.emit('error', error);
    this.rejectCurrentRequest(error);
    this.close();
    return false;
  }
}

/** Commands that are written behind ID before its answer. A change is not: a connection that proves dead would leave its outcome unknown. */
const MAY_FOLLOW_ID = /^(?:EXAMINE|SELECT|NOOP|LIST|LSUB|STATUS|(?:UID )?(?:FETCH|SEARCH))$/;

/** Of a literal (RFC 7888 §5). */
const MAX_UNASKED_BYTES = 4_096;

const CRLF = Buffer.from('\r\n');
const ASTERISK = 0x2a;

/** Copies the tokens into mutable lists, which imapflow's types require. */
export function toAttributes(tokens: readonly Token[]): ImapAttribute[] {
  return tokens.map((token) => {
    if (!('type' in token)) return toAttributes(token);
    if (token.type === 'LITERAL') return token;
    const { section, partial, ...rest } = token;
    return { ...rest, ...(section && { section: toAttributes(section) }), ...(partial && { partial: [...partial] }) };
  });
}
