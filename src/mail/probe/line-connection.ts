/** Opens a connection that is read line by line, with TLS from the first byte or later, and never sends credentials over it. */
import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

/** Of all lines together. */
const MAX_BYTES = 64 * 1024;

/** What a wait rejects with at its limit. */
export class Silence extends Error {
  override name = 'Silence';
}

/** Closed by the server, or by an error of the network. */
export class Lost extends Error {
  override name = 'Lost';
}

export interface Address {
  host: string;
  port: number;
}

/** Rejects with `Silence` after `limitMs`. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Silence()), Math.max(1, limitMs));
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** @throws the error of the resolver, such as ENOTFOUND */
export async function resolve(host: string): Promise<void> {
  if (isIP(host) === 0) await lookup(host, { all: true });
}

export class LineConnection implements Disposable {
  #socket: Socket;
  #input = '';
  #received = 0;
  #error: Error | undefined;
  #wake: () => void = () => undefined;
  readonly #host: string;

  private constructor(socket: Socket, host: string) {
    this.#host = host;
    this.#socket = this.#listen(socket);
  }

  /** @throws {Silence} if the server does not answer; the error of the network */
  static async open({ host, port }: Address, limitMs: number): Promise<LineConnection> {
    const socket = connect({ host, port });
    const connection = new LineConnection(socket, host);
    const opened = Promise.withResolvers<void>();
    socket.once('connect', () => opened.resolve());
    socket.once('error', opened.reject);
    await within(limitMs, opened.promise).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
    return connection;
  }

  /**
   * Starts TLS, whatever the certificate: the caller judges it, and no credentials are sent.
   *
   * @throws the error of the handshake; {Silence} if there is no answer
   */
  async startTls(tls: Pick<ConnectionOptions, 'ca'>, limitMs: number): Promise<TLSSocket> {
    const raw = this.#socket;
    for (const event of ['data', 'error', 'close']) raw.removeAllListeners(event);
    const name = isIP(this.#host) === 0 ? { servername: this.#host } : {};
    // The host is given for the comparison of names (RFC 9525).
    const secure = connectTls({ ...tls, ...name, host: this.#host, socket: raw, rejectUnauthorized: false });
    const done = Promise.withResolvers<void>();
    secure.once('secureConnect', done.resolve);
    secure.once('error', done.reject);
    secure.once('close', () => done.reject(new Lost()));
    raw.on('error', done.reject);
    this.#input = '';
    this.#socket = this.#listen(secure);
    await within(limitMs, done.promise);
    return secure;
  }

  /** True if bytes have arrived that no line was read from: before STARTTLS they would be taken for bytes of the server (CVE-2011-0411). */
  get hasUnread(): boolean {
    return this.#input !== '';
  }

  write(line: string): void {
    if (this.#socket.writable) this.#socket.write(`${line}\r\n`);
  }

  /** The next line, without its end. @throws {Silence} after `limitMs`; {Lost} or the error of the network once nothing follows */
  async readLine(limitMs: number): Promise<string> {
    const until = performance.now() + limitMs;
    for (;;) {
      const end = this.#input.indexOf('\n');
      if (end >= 0) {
        const line = this.#input.slice(0, end).replace(/\r$/, '');
        this.#input = this.#input.slice(end + 1);
        return line;
      }
      if (this.#error !== undefined) throw this.#error;
      const arrived = new Promise<void>((wake) => {
        this.#wake = wake;
      });
      await within(until - performance.now(), arrived);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): Socket {
    const fail = (error: Error) => {
      this.#error ??= error;
      this.#wake();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      this.#input += chunk.toString('latin1');
      if (this.#received > MAX_BYTES) socket.destroy(new Error('too many bytes'));
      this.#wake();
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Lost()));
    return socket;
  }
}
