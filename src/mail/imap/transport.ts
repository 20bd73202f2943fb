/** Adapts imapflow: its transport, parser and STARTTLS are used, its commands are not. */
import type { Socket } from 'node:net';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import compile from 'imapflow/lib/handler/imap-compiler.js';
import parse from 'imapflow/lib/handler/imap-parser.js';
import type { ImapAttribute } from 'imapflow/lib/handler/types.js';
import { UpstreamError } from '../../errors.ts';
import { nextTurn } from '../../workers/event-loop.ts';
import type { Login } from '../account.ts';
import { NodeBudget } from './bounded-item.ts';
import { atom, type ParsedResponse, string, type Token } from './data-formats.ts';
import { loginFault, preauthenticatedFault } from './faults.ts';
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
    onPlusTag?: () => Promise<void>;
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
  login: Login | undefined;
  /** Called when the credentials are about to be sent. */
  onLogin: (() => void) | undefined;
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
    await this.#logIn().catch((error: unknown) => {
      throw loginFault(error);
    });
    this.usable = true;
    if (this.capabilities.has('ID')) await this.#sendId();
  }

  /** Writes bytes as they are. Fulfilled when the operating system has accepted them. */
  sendRaw(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.socket || this.socket.destroyed) return reject(new Error('the connection is closed'));
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /**
   * Sends ID (RFC 2971) without waiting for the answer. Servers of NetEase (163.com, 126.com, yeah.net) and others with its software refuse to open
   * a mailbox until the client has sent it ("Unsafe Login").
   *
   * @returns when it was written: the commands that follow may be written behind it
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
   * Commands with a literal are sent one by one, and so are commands that follow others that still run, except ID.
   *
   * @returns one promise for each command; `next` of each that is fulfilled has to be called
   */
  pipeline(commands: readonly TransportRequest[]): Promise<Executed>[] {
    if (commands.length === 1 || commands.some(({ attributes }) => hasLiteral(attributes))) {
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

  async #writeAll(
    requests: readonly (Queued & { resolve(executed: Executed): void; reject(error: unknown): void })[],
  ): Promise<void> {
    const lines = await Promise.all(
      requests.map(({ tag, command, attributes }) =>
        compile({ tag, command, attributes: toAttributes(attributes) }, { asArray: true }),
      ),
    );
    const { currentRequest } = this;
    const isFree =
      this.requestQueue.length === 0 &&
      (!currentRequest || (currentRequest.command === 'ID' && currentRequest.sent === true));
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

  async #logIn(): Promise<void> {
    if (this.login === undefined) throw new Error('no login');
    this.expectCapabilityUpdate = true;
    const ways = this.#waysToLogIn(this.login);
    for (const [index, logIn] of ways.entries()) {
      try {
        await logIn();
        break;
      } catch (error) {
        // BAD: the server does not know the command, so that the login was not tried.
        if (!isBad(error) || index === ways.length - 1) throw error;
      }
    }
    await this.setAuthenticationState();
  }

  /** Some servers answer BAD to AUTHENTICATE PLAIN, or to its initial response, although they offer both. */
  #waysToLogIn({ username, password }: Login): (() => Promise<void>)[] {
    const response = Buffer.from(`\0${username}\0${password}`).toString('base64');
    const plain = this.capabilities.has('AUTH=PLAIN') ? [() => this.#authenticatePlain(response, false)] : [];
    const withInitialResponse =
      plain.length > 0 && this.capabilities.has('SASL-IR') ? [() => this.#authenticatePlain(response, true)] : [];
    const login = this.capabilities.has('LOGINDISABLED') ? [] : [() => this.#loginCommand(username, password)];
    // Without an initial response LOGIN saves a round trip.
    const ways = withInitialResponse.length > 0 ? [...withInitialResponse, ...plain, ...login] : [...login, ...plain];
    if (ways.length > 0) return ways;
    const sentence = 'The IMAP server takes no password in a way that is known here.';
    throw new UpstreamError('IMAP', 'refused', sentence, { code: 'LOGINDISABLED' });
  }

  async #loginCommand(username: string, password: string): Promise<void> {
    const secret = string(password);
    const { next } = await this.exec(
      'LOGIN',
      [string(username), 'type' in secret ? { ...secret, sensitive: true } : secret],
      {},
    );
    next();
  }

  /** RFC 4616. @param isInitial the response in the first line (SASL-IR, RFC 4959) */
  async #authenticatePlain(response: string, isInitial: boolean): Promise<void> {
    const initial: Token[] = isInitial ? [{ type: 'ATOM', value: response, sensitive: true }] : [];
    const onPlusTag = async () => this.write(response);
    const { next } = await this.exec('AUTHENTICATE', [atom('PLAIN'), ...initial], { onPlusTag });
    next();
  }
}

function isBad(error: unknown): boolean {
  return error instanceof Error && 'responseStatus' in error && error.responseStatus === 'BAD';
}

const CRLF = Buffer.from('\r\n');
const ASTERISK = 0x2a;

function hasLiteral(tokens: readonly Token[]): boolean {
  return tokens.some((token) => ('type' in token ? token.type === 'LITERAL' : hasLiteral(token)));
}

/** Copies the tokens into mutable lists, which imapflow's types require. */
export function toAttributes(tokens: readonly Token[]): ImapAttribute[] {
  return tokens.map((token) => {
    if (!('type' in token)) return toAttributes(token);
    if (token.type === 'LITERAL') return token;
    const { section, partial, ...rest } = token;
    return { ...rest, ...(section && { section: toAttributes(section) }), ...(partial && { partial: [...partial] }) };
  });
}
