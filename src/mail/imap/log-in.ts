/** Logs in over a connection: with a password in the ways that the server offers, or with an access token (RFC 7628). */
import type { Credential } from '../access-tokens.ts';
import type { PasswordLogin } from '../account.ts';
import { tokenMechanism } from '../sasl-token.ts';
import { atom, type ParsedResponse, string, type Token, textOf } from './data-formats.ts';
import { isWayUnknown, loginFault, noTokenLoginFault, tokenLoginFault, unsupportedLoginFault } from './faults.ts';
import type { Executed, Transport } from './transport.ts';

/** @throws {UpstreamError} as connectImap() */
export async function logIn(transport: Transport, login: Credential): Promise<void> {
  if (login.kind === 'token') return authenticateToken(transport, login);
  await logInWithPassword(transport, login).catch((error: unknown) => {
    throw loginFault(error);
  });
}

async function logInWithPassword(transport: Transport, login: PasswordLogin): Promise<void> {
  for (const attempt of waysToLogIn(transport, login)) {
    transport.unknownWay = await attempt();
    if (transport.unknownWay === undefined) return;
  }
  throw transport.unknownWay;
}

/** @returns `undefined` after the login; the refusal if the server does not know this way and has not examined the login */
type WayToLogIn = () => Promise<unknown>;

/**
 * Some servers answer BAD to the initial response of AUTHENTICATE, or to PLAIN, although they offer both: Coremail (163.com, 126.com), QQ, Sina.
 *
 * @returns the ways that the server offers, the one with the fewest round trips first
 */
function waysToLogIn(transport: Transport, login: PasswordLogin): WayToLogIn[] {
  const { capabilities } = transport;
  const offersPlain = capabilities.has('AUTH=PLAIN');
  const offersInitial = offersPlain && capabilities.has('SASL-IR');
  const plainWith = (options: { isInitial: boolean }) => [() => authenticatePlain(transport, login, options)];
  const initial: WayToLogIn[] = offersInitial ? plainWith({ isInitial: true }) : [];
  const plain: WayToLogIn[] = offersPlain ? plainWith({ isInitial: false }) : [];
  const command: WayToLogIn[] = capabilities.has('LOGINDISABLED') ? [] : [() => loginCommand(transport, login)];
  const saslLogin: WayToLogIn[] = capabilities.has('AUTH=LOGIN') ? [() => authenticateLogin(transport, login)] : [];
  const ways = offersInitial ? [...initial, ...plain, ...command] : [...command, ...plain];
  if (ways.length + saslLogin.length === 0) throw unsupportedLoginFault();
  return [...ways, ...saslLogin];
}

function loginCommand(transport: Transport, { username, password }: PasswordLogin): Promise<unknown> {
  const secret = string(password);
  const tokens = [string(username), 'type' in secret ? { ...secret, sensitive: true } : secret];
  return refusalIfNotKnown(transport.exec('LOGIN', tokens, {}), () => true);
}

/** RFC 4616. @param options.isInitial the response is in the first line (SASL-IR, RFC 4959) */
function authenticatePlain(
  transport: Transport,
  { username, password }: PasswordLogin,
  { isInitial }: { isInitial: boolean },
): Promise<unknown> {
  const response = Buffer.from(`\0${username}\0${password}`).toString('base64');
  const initial: Token[] = isInitial ? [{ type: 'ATOM', value: response, sensitive: true }] : [];
  let isSent = isInitial;
  const onPlusTag = async () => {
    isSent = true;
    transport.write(response);
  };
  return refusalIfNotKnown(transport.exec('AUTHENTICATE', [atom('PLAIN'), ...initial], { onPlusTag }), () => isSent);
}

/** The mechanism LOGIN, which has no RFC: the server asks for the user name, and then for the password. */
function authenticateLogin(transport: Transport, { username, password }: PasswordLogin): Promise<unknown> {
  const responses = [username, password].map((text) => Buffer.from(text).toString('base64'));
  const onPlusTag = async () => transport.write(responses.shift() ?? '*');
  const executing = transport.exec('AUTHENTICATE', [atom('LOGIN')], { onPlusTag });
  return refusalIfNotKnown(executing, () => responses.length === 0);
}

/** @param isSent whether the server has received the password */
async function refusalIfNotKnown(executing: Promise<Executed>, isSent: () => boolean): Promise<unknown> {
  try {
    const { next } = await executing;
    next();
    return undefined;
  } catch (error) {
    if (isWayUnknown(error, isSent())) return error;
    throw error;
  }
}

/** A server that refuses the token sends its reason in a continuation request, and ends the exchange after an answer (RFC 7628 §3.2.2). */
async function authenticateToken(
  transport: Transport,
  { username, token }: Extract<Credential, { kind: 'token' }>,
): Promise<void> {
  const { host, port, capabilities } = transport;
  const offers = (mechanism: string) => capabilities.has(`AUTH=${mechanism}`);
  const way = tokenMechanism(offers, { username, token, host, port });
  if (way === undefined) throw noTokenLoginFault();
  const isInitial = capabilities.has('SASL-IR');
  const initial: Token[] = isInitial ? [{ type: 'ATOM', value: way.initial, sensitive: true }] : [];
  const answers = isInitial ? [way.afterError] : [way.initial, way.afterError];
  let reason: string | undefined;
  const onPlusTag = async (response?: ParsedResponse) => {
    if (answers.length === 1) reason = textOf(response?.attributes?.[0]) ?? undefined;
    transport.write(answers.shift() ?? '*');
  };
  try {
    const { next } = await transport.exec('AUTHENTICATE', [atom(way.name), ...initial], { onPlusTag });
    next();
  } catch (error) {
    throw tokenLoginFault(error, reason);
  }
}
