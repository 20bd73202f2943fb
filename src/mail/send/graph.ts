/**
 * Sends through Microsoft Graph where SMTP is switched off for a mailbox: `POST /me/sendMail` with a MIME message (Microsoft Graph v1.0).
 *
 * Invariant: a message that Graph may have accepted is never sent a second time.
 */
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import type { AccessTokens, ProviderToken } from '../access-tokens.ts';
import type { Login, MailAccount, ProviderLogin } from '../account.ts';
import { chunksOf, type MessageBytes } from '../message-bytes.ts';
import type { ComposedMessage } from './compose.ts';
import { type SmtpOptions, type Submission, submit } from './smtp.ts';

/** The fetch of the runtime, or a stand-in. */
type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Which mailboxes have SMTP switched off, and how Graph is reached. */
export interface GraphSender {
  isNeeded(login: ProviderLogin): boolean;
  remember(login: ProviderLogin): void;
  /** @throws {UpstreamError} `unknown_outcome` if the connection is lost after the request was begun; with every other fault nothing was sent */
  send(login: ProviderLogin, message: ComposedMessage): Promise<Submission>;
}

const URL = 'https://graph.microsoft.com/v1.0/me/sendMail';

/** A request of Graph may have 4 MB, and base64 needs a third more than the message. */
const MAX_BYTES = 3_000_000;

const TIMEOUT_MS = 60_000;

/** An administrator may have switched SMTP on meanwhile. */
const REMEMBERED_MS = 4 * 60 * 60_000;
const MAX_REMEMBERED = 10_000;

const NOTHING_SENT = 'Nothing was sent.';

/** True if the provider of the login has Graph. */
export const hasGraph = (login: Login): login is ProviderLogin =>
  login.kind === 'provider' && login.signIn.provider === 'microsoft';

export function createGraphSender({
  accessTokens,
  fetch: send = fetch,
}: {
  accessTokens: AccessTokens;
  fetch?: Fetch;
}): GraphSender {
  const needed = new Map<string, number>();
  return {
    isNeeded: ({ approval }) => (needed.get(approval) ?? 0) > performance.now(),
    remember({ approval }) {
      for (const key of needed.keys()) if (needed.size >= MAX_REMEMBERED) needed.delete(key);
      needed.set(approval, performance.now() + REMEMBERED_MS);
    },
    async send(login, { rawWithBcc, envelope }) {
      if (rawWithBcc.length > MAX_BYTES) throw tooLarge();
      // Graph reads the recipients from the header.
      const body = await inBase64(rawWithBcc);
      for (let isLast = false; ; isLast = true) {
        const issued = await accessTokens.get(login, 'graph');
        const response = await post(send, issued, body);
        if (response.status === 202) return { accepted: envelope.to, rejected: [], acceptedBy: 'graph' };
        if (response.status !== 401) throw await refusal(response);
        accessTokens.discard(login, 'graph', issued.token);
        if (isLast || issued.isNew) throw await refusal(response);
      }
    },
  };
}

/**
 * Submits a message to the SMTP server; through Graph if that refuses the login because SMTP is switched off for the mailbox.
 *
 * @throws {ToolError, UpstreamError} as submit() and GraphSender.send()
 */
export async function submitSomehow(
  account: MailAccount,
  message: ComposedMessage,
  { graph, ...options }: SmtpOptions & { graph?: GraphSender | undefined } = {},
): Promise<Submission> {
  const { login } = account.smtp;
  if (graph === undefined || !hasGraph(login) || message.envelope.to.length === 0) {
    return submit(account, message, options);
  }
  if (!graph.isNeeded(login)) {
    try {
      return await submit(account, message, options);
    } catch (error) {
      if (!(error instanceof UpstreamError && error.code === 'SMTP_AUTH_OFF')) throw error;
      graph.remember(login);
    }
  }
  return graph.send(login, message);
}

async function inBase64(bytes: MessageBytes): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(bytes)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('base64');
}

async function post(send: Fetch, { token }: ProviderToken, body: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await send(URL, { method: 'POST', headers, body, redirect: 'manual', signal });
  } catch (cause) {
    const code = codeOf(cause);
    if (!NOT_CONNECTED_CODES.has(code) && !code.includes('CERT')) throw outcomeUnknown(cause);
    const sentence = `Microsoft Graph, which sends in the place of SMTP, could not be reached. ${NOTHING_SENT} Try again in a minute.`;
    throw new UpstreamError('Provider', 'unreachable', sentence, { cause, code });
  }
}

/** Failures of the network before a request is sent. */
const NOT_CONNECTED_CODES = new Set([
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
]);

/** fetch() has the failure of the network as its cause. */
function codeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}

/** A server of Microsoft that answers so may have accepted the message. */
const UNKNOWN_STATUSES = new Set([500, 502, 504]);

const GraphError = z.object({ error: z.object({ code: z.string().regex(/^[A-Za-z]{1,60}$/) }) });

async function refusal(response: Response): Promise<UpstreamError> {
  const { status } = response;
  const { data } = GraphError.safeParse(await response.json().catch(() => undefined));
  const code = data?.error.code ?? String(status);
  const fault = (sentence: string) =>
    new UpstreamError('Provider', 'refused', `${sentence} ${NOTHING_SENT}`, { code: `GRAPH_${code}` });
  if (UNKNOWN_STATUSES.has(status)) return outcomeUnknown(new Error(`Graph answered ${status}`));
  if (status === 413) return tooLarge();
  if (status === 429 || status === 503)
    return fault('Microsoft Graph accepts no message at the moment: try again in some minutes.');
  if (status === 401 || code === 'ErrorAccessDenied') {
    return fault(
      'SMTP is switched off for this mailbox, and Microsoft Graph does not allow sending for this sign-in: its administrator can allow Mail.Send, or switch SMTP on.',
    );
  }
  if (code === 'ErrorSendAsDenied')
    return fault('Microsoft does not allow this mailbox to send with this From address.');
  return fault(`Microsoft Graph refused the message (${code}).`);
}

function outcomeUnknown(cause: unknown): UpstreamError {
  const sentence =
    'The connection was lost after the message was handed over, before Microsoft Graph confirmed it: it may have been sent or not. Look for it in the Sent mailbox, or ask a recipient, before sending again.';
  return new UpstreamError('Provider', 'unknown_outcome', sentence, { cause });
}

function tooLarge(): UpstreamError {
  const sentence = `SMTP is switched off for this mailbox, and Microsoft Graph, which sends in its place, takes messages of at most 3 MB. ${NOTHING_SENT} Send fewer or smaller attachments, or have the administrator switch SMTP on.`;
  return new UpstreamError('Provider', 'refused', sentence, { code: 'GRAPH_SIZE' });
}
