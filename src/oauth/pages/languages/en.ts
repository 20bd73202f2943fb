/**
 * The sentences of the pages in English, which declare what every language has. Parts with markup (names, hosts) are written with `html`.
 *
 * Terms: an account owner "grants" access to an application; the opposite is in `granted.takeBack`.
 */
import { type Fragment, html } from '../html.ts';

/** What a provider takes in the place of the password of an account: an app password, or what Chinese providers call a code. */
export type PasswordKind = 'app' | 'code';

const article = (kind: PasswordKind): string => (kind === 'app' ? 'an app password' : 'an authorization code');

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const inMinutes = (minutes: number): string =>
  minutes === 1 ? 'a minute' : minutes < 60 ? `${minutes} minutes` : 'an hour';

const inSeconds = (seconds: number): string => {
  if (seconds === 1) return 'a second';
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
};

/** Sentences about an account, by what it is called, what opens it, and who sees that. */
const account = ({ name, secret, servers }: { name: string; secret: string; servers: string }) => ({
  connect: `Connect your ${name}`,
  connectToAssistant: `Connect your ${name} to an assistant`,
  wouldLike: ({ client }: { client: Fragment }) => html`${client} would like to use your ${name}.`,
  typeAgain: `Your ${secret} is never shown again, so please enter it once more.`,
  custody: ({ server, client }: { server: string; client: string }) =>
    `Your ${secret} goes to ${servers} and nowhere else. It is not stored here: ${server} encrypts it into the access that ${client} keeps but cannot read.`,
  storedNowhere: `Your ${secret} is stored nowhere. It is encrypted into the access that the assistant keeps and cannot read.`,
  keptNowhere: `Your ${secret} is checked with this server, and kept nowhere.`,
  assistants: `Claude, ChatGPT and other assistants can work in your ${name} through this server: as far as you allow, and until you end it.`,
  assistantsRunBy: ({ operator }: { operator: Fragment }) =>
    html`Claude, ChatGPT and other assistants can work in your ${name} through this server, which ${operator} runs: as far as you allow, and until you end it.`,
  signInToSee: `Sign in to see which applications may use your ${name}, and to take it back.`,
  noGrants: `No application has access to this ${name}.`,
  noGrantsSeen: `No application has access to this ${name}, as far as this server has seen since it was started.`,
  endsAll: `Ends whatever was granted for this ${name} before now, also what is not listed here.`,
  allTakenBack: ({ until }: { until: Fragment }) =>
    html`Everything that was granted for this ${name} until ${until} is taken back.`,
  yourSecret: `your ${secret}`,
});

const accounts = {
  mail: account({ name: 'mailbox', secret: 'password', servers: 'these two mail servers' }),
  provider: {
    ...account({
      name: 'mailbox',
      secret: 'approval at the provider',
      servers: 'the provider and these two mail servers',
    }),
    custody: ({ server, client }: { server: string; client: string }) =>
      `Your approval at the provider goes to it and these two mail servers and nowhere else. ${server} encrypts it into the access that ${client} keeps but cannot read. What has to be kept here for some providers is encrypted too, until you end it.`,
    storedNowhere:
      'You sign in at your mail provider. What it issues is encrypted into the access that the assistant keeps and cannot read. What has to be kept here for some providers is encrypted too.',
  },
  missive: account({ name: 'Missive account', secret: 'API token', servers: 'Missive' }),
};

const layout = {
  problem: ({ title }: { title: string }) => `Problem: ${title}`,
  runBy: ({ operator }: { operator: Fragment }) => html`Run by ${operator}`,
  contact: 'Contact',
  privacy: 'Privacy',
  newTab: '(opens in a new tab)',
  languages: 'Language of this page',
};

const signIn = {
  unverified: ({ client }: { client: Fragment }) => html`${client} (unverified)`,
  ofHost: ({ client, host }: { client: Fragment; host: Fragment }) => html`${client} of ${host}`,
  didNotWork: 'That did not work yet',
  toPutRight: ({ count }: { count: number }) => `${count} things to put right`,
  isUnverified: ({ client }: { client: string }) => `Nobody has verified that this is ${client}.`,
  verifiedHost: ({ host }: { host: Fragment }) => html`Verified host: ${host}. The name is what that host says.`,
  toThisDevice: 'You return to a program on this device',
  startedOnDevice: ({ toThisDevice, host }: { toThisDevice: Fragment; host: string }) =>
    html`${toThisDevice} (${host}). Sign in only if you have just started this yourself.`,
  startedThere: ({ host }: { host: Fragment }) => html`You return to ${host}. Sign in only if you started there.`,
  allow: 'Sign in and allow',
  signIn: 'Sign in',
  continueWith: ({ provider }: { provider: string }) => `Continue with ${provider}`,
  cancel: 'Cancel',
  checking: ({ host }: { host: string }) => `Checking with ${host}…`,
  goingToProvider: 'Going to the provider…',
  seeGranted: 'See what you have granted, or take it back',
  signedIn: 'You are signed in',
  closeWindow: ({ client }: { client: string }) => `${client} has what it needs. You can close this window.`,
};

/** The page that asks for the address, where it decides how to sign in. */
const address = {
  title: 'Connect your account',
  wouldLike: ({ client }: { client: Fragment }) =>
    html`${client} would like to use it. Your address decides how you sign in.`,
  legend: 'Your account',
  next: 'What it may do and how you sign in comes next. Nothing is sent anywhere yet.',
  missiveInstead: 'Use a Missive account instead',
  addressInstead: 'Use an email address instead',
  notYou: 'Not you?',
  change: 'Change the address',
  theOperator: 'the operator of this server',
  notHere: ({ domain, operator }: { domain: string; operator: string }) =>
    `Addresses at ${domain} cannot be connected here. Ask ${operator} which can.`,
  hasEnded: ({ domain, operator }: { domain: string; operator: string }) =>
    `The connection for ${domain} has ended. Ask ${operator}.`,
  missiveHasEnded: ({ operator }: { operator: string }) => `The connection for Missive has ended. Ask ${operator}.`,
  ofAnotherConnection: 'This belongs to another connection of this server. Change the address at the top.',
};

const consent = {
  summary: ({ may, not }: { may: string; not: string }) => {
    if (may === '') return `may not ${not}.`;
    return `may ${may}${not === '' ? '' : `; not ${not}`}.`;
  },
  changed: 'What you have ticked',
  change: 'Change',
  itMay: 'If you sign in, it may',
  new: 'new',
  newHint: 'What is new was not allowed from this browser before. Tick it only if you want it.',
  sendOnlyTo: 'Send only to',
  sendHint: 'Addresses, or domains such as @example.com. Empty: to anyone.',
  sendHintGiven: ({ recipients }: { recipients: string }) =>
    `Addresses, or domains such as @example.com. Empty: to all that this connection can write to, ${recipients}.`,
  howLong: 'How long',
  lastEnd: ({ time }: { time: Fragment }) => html`It ends by itself on ${time}, if not before.`,
  ends: { day: 'For a day', week: 'For a week', month: 'For a month', revoked: 'Until I take it back' },
  endsAt: ({ end, time }: { end: string; time: string }) => `${end}, until ${time}`,
  powers: {
    mail: {
      read: 'Read and search all your mail',
      organise: 'Move messages, and mark them',
      draft: 'Write drafts',
      send: 'Send mail in your name',
      trash: 'Move messages to the trash, which can be undone',
      delete: 'Delete messages for good',
    },
    missive: {
      read: 'Read all that you see in Missive: conversations, comments, contacts',
      organise: 'Change conversations, contacts, labels and tasks, and post notes',
      draft: 'Write drafts',
      send: 'Send messages in your name, and set up webhooks',
      trash: 'Move to the trash',
      delete: 'Delete drafts, posts, responses and webhooks',
    },
  },
  readIn: ({ folders }: { folders: string }) => `Read and search the mail in ${folders}`,
  withAttachments: ({ words }: { words: string }) => `${words}, attachments included`,
  /** In the summary, after “may” and “not”. */
  verbs: {
    mail: {
      read: 'read',
      organise: 'file',
      draft: 'draft',
      send: 'send',
      trash: 'move to the trash',
      delete: 'delete for good',
    },
    missive: {
      read: 'read',
      organise: 'change conversations',
      draft: 'draft',
      send: 'send',
      trash: 'move to the trash',
      delete: 'delete',
    },
  },
  limits: ({ limits }: { limits: Fragment }) => html`Limits of this connection: ${limits}`,
  /** What is limited, where the sentences are folded. */
  limited: {
    folders: 'folders',
    recipients: 'recipients',
    sends: 'sending',
    changes: 'changes',
    end: 'time',
  },
  onlyIn: ({ folders }: { folders: string }) => `Only in ${folders}.`,
  below: ({ folder }: { folder: string }) => `what is below ${folder}`,
  writesOnlyTo: ({ recipients }: { recipients: string }) => `Writes only to ${recipients}.`,
  sendsAnHour: ({ count }: { count: number }) =>
    `At most ${count} ${count === 1 ? 'message' : 'messages'} sent an hour.`,
  changesAnHour: ({ count }: { count: number }) =>
    `At most ${count} ${count === 1 ? 'message' : 'messages'} changed an hour.`,
  endsOn: ({ date }: { date: Fragment }) => html`Ends on ${date}.`,
};

const fields = {
  login: 'Your login',
  you: 'You',
  email: 'Email address',
  password: 'Password',
  show: 'Show',
  whatYouType: 'what you type',
  details: 'Name, other login, servers',
  fullName: 'Full name',
  fullNameHint: 'Shown to the people you write to. May be empty.',
  timeZone: 'Show times in my time zone,',
  identities: 'Other addresses',
  identitiesHint:
    'Mail from them is shown as yours. One on each line, with a name if you like: Ida Brandt <ida@example.org>',
  mailboxLogin: 'Mailbox login',
  checkedWith: ({ server, protection }: { server: Fragment; protection: string }) =>
    html`Checked with ${server}, ${protection}`,
  sentThrough: ({ server, protection }: { server: Fragment; protection: string }) =>
    html`Sent through ${server}, ${protection}`,
  protections: { tls: 'over TLS', starttls: 'over STARTTLS', cleartext: 'not encrypted' },
  username: 'User name',
  usernameHint: 'Leave empty if it is your email address.',
  usernameAsConnected: 'As when you connected: often your email address.',
  sending: 'Sending mail',
  sameLogin: 'Use the same login for sending',
  sendingUsername: 'User name for sending',
  sendingPassword: 'Password for sending',
  signInAt: ({ provider }: { provider: string }) => `You sign in at ${provider}. No password is typed here.`,
  endsAtRestart: 'If this server is restarted, you have to sign in again.',
  nameAndAddresses: 'Name and addresses',
  ifTheyDiffer: ({ provider }: { provider: string }) => `– if they differ from those at ${provider}`,
  mailboxAddress: 'Address of the mailbox',
  mailboxAddressHint: 'Leave empty if it is the one that you sign in with.',
  ifItIsAnother: '– if it is not the one that you sign in with',
  apiToken: 'Personal API token',
  apiTokenHint:
    'In Missive: Settings, API, “Create a new token”. Your organization needs the Productive plan or a higher one.',
};

const problems = {
  powersEmpty: 'Leave at least one thing ticked, or choose Cancel.',
  recipientInvalid: ({ quoted }: { quoted: string }) =>
    `“${quoted}” is neither an address nor a domain such as @example.com.`,
  recipientsTooMany: 'These are too many addresses. Name whole domains, such as @example.com.',
  emailMissing: 'Enter your email address.',
  emailInvalid: 'Enter one email address, such as name@example.com.',
  emailTooLong: ({ most }: { most: number }) => `The email address is too long: ${most} bytes at most.`,
  emailCharacter: 'The email address has a character that cannot be used in one.',
  nameTooLong: ({ most }: { most: number }) => `The name is too long: ${most} bytes at most.`,
  nameCharacter: 'The name has a character that cannot be used in one.',
  usernameMissing: 'Enter your user name.',
  usernameTooLong: ({ most }: { most: number }) => `The user name is too long: ${most} bytes at most.`,
  usernameCharacter: 'The user name has a character that cannot be used in one.',
  passwordMissing: 'Enter the password.',
  sendingPasswordMissing: 'Enter the password for sending.',
  passwordLineBreak: 'The password has a line break, which no mail server takes.',
  passwordTooLong: ({ most }: { most: number }) => `The password is too long: ${most} bytes at most.`,
  loginTooLong: 'The login is too long; use a shorter password.',
  loginsTooLong: 'The two logins together are too long; use shorter passwords.',
  identityCharacter: ({ line, quoted }: { line: number; quoted: string }) =>
    `Line ${line}, “${quoted}”, has a character that cannot be used in an address.`,
  identityInvalid: ({ line, quoted }: { line: number; quoted: string }) =>
    `Line ${line}, “${quoted}”, is not an address. Write one on each line, such as name@example.com.`,
  identityNameTooLong: ({ line, quoted, most }: { line: number; quoted: string; most: number }) =>
    `Line ${line}, “${quoted}”, has a name that is too long: ${most} bytes at most.`,
  identityTooLong: ({ line, quoted, most }: { line: number; quoted: string; most: number }) =>
    `Line ${line}, “${quoted}”, is too long: ${most} bytes at most.`,
  identitiesTooMany: ({ count, most }: { count: number; most: number }) =>
    `These are ${count} other addresses; write ${most} at most.`,
  identitiesTooLong: 'The other addresses are too long together; leave out names, or some of them.',
  providerTooLong: 'What the provider issued is too long for this connection: tell the operator of this server.',
  tokenMissing: 'Enter your API token.',
  tokenCharacter:
    'An API token has no blanks, line breaks or accents in it. Copy it once more from Missive, as a whole.',
  tokenTooLong: ({ most }: { most: number }) => `The API token is too long: ${most} bytes at most.`,
  tokenTooLongBeside: 'The API token is too long beside the limits of this connection.',
  tooManyAttempts: ({ minutes }: { minutes: number }) =>
    `There were too many attempts to sign in. Nothing was sent to the mail server. Try again in ${inMinutes(minutes)}.`,
  tooManyAttemptsAtMissive: ({ minutes }: { minutes: number }) =>
    `There were too many attempts to sign in. Nothing was sent to Missive. Try again in ${inMinutes(minutes)}.`,
  clientUnknown: 'This client ID is not known here, or has expired.',
};

type Reference = { reference: string | undefined };
type HostAndReference = Reference & { host: string };
type ServerAndReference = HostAndReference & { port: number };

const tellOperator = ({ reference }: Reference): string =>
  `Another attempt does not help: tell the operator of this server${reference === undefined ? '' : `, reference ${reference}`}.`;

/** Why the servers refused a login. */
const refusals = {
  password: ({ host }: { host: string }) =>
    `${host} did not accept this user name and password. Check both and try again.`,
  passwordForSending: ({ host }: { host: string }) =>
    `${host} did not accept this user name and password. They do work for reading: enter the ones for sending here.`,
  passwordInPlaceOf: ({ host, provider, kind }: { host: string; provider: string; kind: PasswordKind }) =>
    `${host} did not accept this user name and password. ${provider} takes ${article(kind)} here, not your usual password.`,
  appPassword: ({ host, kind }: { host: string; kind: PasswordKind }) =>
    `${host} wants ${article(kind)}: one that you make for this connection at your mail provider, instead of your usual password.`,
  noPasswords: ({ host }: { host: string }) =>
    `${host} takes no passwords from mail programs, not even app passwords. Its administrator can say if this can be changed.`,
  noPasswordsAtMicrosoft:
    'Microsoft takes no passwords from mail programs, and app passwords do not help. This server cannot sign in to Microsoft accounts.',
  smtpAuthOff: ({ host }: { host: string }) =>
    `${host} does not let this mailbox send with a password: SMTP AUTH is switched off for it or for your organization. Its administrator can switch it on; another password does not help.`,
  blocked: ({ host }: { host: string }) =>
    `${host} refused this login by a rule of your organization. Another password does not help: its administrator has to allow it.`,
  misconfigured: ({ host, port, reference }: ServerAndReference) =>
    `The connection to ${host}, port ${port}, is set up wrongly here, so your password was not sent. ${tellOperator({ reference })}`,
  unsupported: ({ host, reference }: HostAndReference) =>
    `${host} offers no way to sign in with a password that is known here. Ask your mail provider if mail programs may use a password. ${tellOperator({ reference })}`,
  unsafeLogin: ({ host }: { host: string }) =>
    `${host} accepted the login, but opens no mailbox for this program (“Unsafe Login”). Allow IMAP in the web mail of your provider and use a new authorization code, or ask its support.`,
  noTokens: ({ host, reference }: HostAndReference) =>
    `${host} does not take the sign-in at a provider. ${tellOperator({ reference })}`,
  tokenRefused: ({ host }: { host: string }) =>
    `${host} does not open this mailbox to the account that signed in. Check the address, and if the mailbox may be used with IMAP.`,
  unreachable: ({ host, port }: { host: string; port: number }) =>
    `${host} could not be reached on port ${port}. Try again in a minute.`,
  timeout: ({ host }: { host: string }) => `${host} did not answer in time. Try again in a minute.`,
  certificate: ({ host, reference }: HostAndReference) =>
    `The certificate of ${host} is not valid, so your password was not sent. ${tellOperator({ reference })}`,
  noStarttls: ({ host, port, reference }: ServerAndReference) =>
    `${host} offers no secure connection on port ${port}, so your password was not sent. ${tellOperator({ reference })}`,
  refused: ({ host }: { host: string }) =>
    `${host} refused the connection or the login for now. Try again later, or ask your mail provider why.`,
};

const missiveRefusals = {
  credentials: 'Missive does not accept this API token. Copy it once more, or create a new one.',
  noApi:
    'Missive does not let you use its API. That takes an organization on the Productive plan or a higher one: ask whoever manages yours.',
  rateLimited: ({ seconds }: { seconds: number }) =>
    `Missive takes no more requests with this token just now. Try again in ${inSeconds(seconds)}.`,
  unreachable: ({ host }: { host: string }) => `${host} could not be reached. Try again in a minute.`,
  timeout: ({ host }: { host: string }) => `${host} did not answer in time. Try again in a minute.`,
  refused: ({ host }: { host: string }) =>
    `${host} did not answer as Missive does. Try again later, or tell whoever set up this connection.`,
};

const appPasswords = {
  hint: ({ provider, kind }: { provider: string; kind: PasswordKind }) =>
    `${provider} takes ${article(kind)} here, not your usual ${kind === 'app' ? 'one' : 'password'}.`,
  get: ({ kind }: { kind: PasswordKind }) => `Get ${article(kind)}`,
  at: ({ provider, kind }: { provider: string; kind: PasswordKind }) =>
    `${kind === 'app' ? 'App passwords' : 'Authorization codes'} at ${provider}`,
  noneAtMicrosoft:
    'Microsoft takes no passwords from mail programs, not even app passwords: this sign-in will be refused.',
  whatMicrosoftSays: 'What Microsoft says about it',
  forAdministrator: 'For the administrator',
};

/** Why a sign-in at a provider gave no access. */
const providerRefusals = {
  otherTenant: ({ provider }: { provider: string }) =>
    `This account is of an organization that may not be used here. Continue with another account of ${provider}.`,
  missingScope: ({ provider }: { provider: string }) =>
    `The access to your mail was not allowed. Continue again, and leave it ticked at ${provider}.`,
  wrongAudience: ({ provider }: { provider: string }) =>
    `What ${provider} issued is not for a mailbox: tell the operator of this server.`,
  noRefreshToken: ({ provider }: { provider: string }) =>
    `${provider} allows no lasting access: tell the operator of this server.`,
  denied: ({ provider }: { provider: string }) =>
    `You did not allow the access at ${provider}. Continue again, or cancel.`,
  administrator: ({ provider }: { provider: string }) =>
    `An administrator of your organization has to allow this application at ${provider} first.`,
  forbidden: ({ provider, code }: { provider: string; code: string }) =>
    `A rule of your organization forbids this sign-in at ${provider} (${code}): ask its administrator.`,
  failed: ({ provider }: { provider: string }) => `${provider} did not finish the sign-in. Continue again.`,
  ended: ({ provider }: { provider: string }) => `${provider} does not accept this sign-in any more. Continue again.`,
  notAllowed: ({ provider }: { provider: string }) => `${provider} did not allow the sign-in.`,
  outage: ({ provider }: { provider: string }) => `${provider} cannot answer at the moment. Try again in a minute.`,
  unreachable: ({ provider }: { provider: string }) => `${provider} could not be reached. Try again in a minute.`,
  timeout: ({ provider }: { provider: string }) => `${provider} did not answer in time. Try again in a minute.`,
  refusesRequests: ({ provider, code }: { provider: string; code: string }) =>
    `${provider} refuses the requests of this server (${code}): tell its operator.`,
  notAcceptable: ({ provider }: { provider: string }) =>
    `The answer of ${provider} is not acceptable: tell the operator of this server.`,
  needsRedis: ({ provider }: { provider: string }) =>
    `${provider} replaces what it issues, and the replicas of this server share no Redis in which the newest is kept. Its operator has to set REDIS_URL.`,
  notRegistered: ({ provider }: { provider: string }) =>
    `This server is not registered at ${provider}: its operator has to repair that.`,
  otherCallback: ({ provider }: { provider: string }) =>
    `${provider} has sent you back to another address of this server than its own: the operator has to repair that.`,
  noRoom: ({ provider }: { provider: string }) =>
    `What ${provider} issued is too long for this connection, and this server has no Redis to keep it in. Its operator has to set REDIS_URL.`,
  tooLong: ({ provider }: { provider: string }) =>
    `What ${provider} issued is too long for this server: tell its operator.`,
  noState: 'This server cannot finish the sign-in at the moment. Continue again in a minute.',
};

/** The pages of `/account`. */
const granted = {
  title: 'What you have granted',
  takenBackTitle: 'Taken back',
  lead: 'See which applications may use your account, and take it back.',
  clientId: 'Client ID',
  clientIdHint: 'The one that you connected your account with. It says which server to ask.',
  continue: 'Continue',
  anotherServer: 'Another server',
  anotherMailServer: 'Another mail server',
  of: ({ who, host }: { who: Fragment; host: string }) => html`For ${who} at ${host}`,
  noticeWithNext: 'Applications notice with their next request.',
  may: ({ powers }: { powers: string }) => `May ${powers}.`,
  mayTo: ({ powers, recipients }: { powers: string; recipients: string }) => `May ${powers}, to ${recipients} only.`,
  /** After “May”. */
  powers: {
    read: 'read',
    organise: { mail: 'move and mark messages', missive: 'change conversations, contacts, labels and tasks' },
    draft: 'write drafts',
    send: 'send',
    trash: 'move messages to the trash',
    delete: { mail: 'delete for good', missive: 'delete' },
  },
  returnedTo: ({ host }: { host: string }) => `Returned to ${host}`,
  sinceUntil: ({ since, until }: { since: Fragment; until: Fragment }) => html`Since ${since}, until ${until}`,
  reused: ({ count, last }: { count: number; last: Fragment }) =>
    html`Its key was used again ${times(count)}, last on ${last}. This happens after a lost answer, or with two windows; if it goes on, take it back.`,
  takeBack: 'Take back',
  hasNoAccess: ({ client }: { client: string }) => `${client} has no access any more.`,
  everything: 'Everything at once',
  takeBackEverything: 'Take back everything',
  toTakeItBack: 'To take it back',
  locks: {
    mail: 'Change the password of your mailbox, or delete the app password that you used. Whatever was granted before ends with it.',
    provider: ({ provider }: { provider: string }) =>
      `Remove the application’s access at ${provider}, in the settings of your account there. Whatever was granted before ends with it, within 90 minutes in most cases. A new password is not enough.`,
    missive: 'Delete the API token in Missive, under Settings, API. Whatever was granted before ends with it.',
  },
  keepsNoList: 'This server keeps no list: you see what it has seen since it was started.',
};

/** The pages that say why something ended, with the errors of OAuth that people see. */
const errors = {
  ourFault: 'Something went wrong here',
  cannotGoOn: 'This sign-in cannot go on',
  signInAgain: 'Please sign in again',
  sentNothingTryAgain:
    'Nothing was sent to the application. Go back to it and try again in a minute. If it happens again, tell whoever runs this server.',
  sentNothingStartAgain:
    'Nothing was sent anywhere. Go back to the application and start connecting your mailbox again. If that does not help, tell whoever gave you the connection.',
  nothingTakenBackTryAgain: 'Nothing was taken back. Try again in a minute.',
  nothingTakenBackSignIn: 'Nothing was taken back. Open the page anew, and sign in.',
  goTo: ({ name }: { name: string }) => `Go to ${name}`,
  theStart: 'the start',
  errorCode: ({ code }: { code: Fragment }) => html`Error code: ${code}`,
  stalePage: 'This page is too old, or was opened in another browser.',
  staleSignIn: 'This sign-in page is too old, was already used, or was opened in another browser.',
  staleAtProvider: 'This sign-in was started in another browser, too long ago, or was already used. Start again.',
  tooManyAtProvider: 'Too many sign-ins at a provider have failed from your network. Load this page again in a minute.',
  wayHasChanged: 'The way to sign in has changed.',
  tooLongForProvider: 'The request is too long for a sign-in at a provider.',
  requestTooLong: 'The request is too long.',
  headersTooLarge:
    'The cookies or the URL of this request are too long for this server. Sign-ins that were begun end after ten minutes: start again then, or delete the cookies of this site.',
  linkTooLong: 'The link is too long.',
  namedTwice: ({ name }: { name: string }) => `The link names ${name} more than once.`,
  notNamed: ({ name }: { name: string }) => `The link does not say its ${name}.`,
  redirectUriUnknown: 'The redirect_uri of the link is not registered for this client_id.',
  clientUnknown: 'The client_id is not known here.',
  fieldTwice: 'A field of the form came more than once.',
  beingChecked: 'This sign-in is being checked already. Try again in a minute.',
  nothingAllowed: 'The operator of this server allows nothing of what was asked for.',
  connectionEnded: 'The connection that this was granted for has ended.',
  documentUnreachable: 'What the application says about itself could not be fetched.',
  noDocument: 'The client_id is a URL, but there is no client metadata document.',
  noDocumentUrl: 'The client_id is a URL that names no client.',
  documentInvalid: 'The document at the client_id does not describe a client.',
  documentHostUntrusted:
    'The client_id is a URL at a host that is not trusted here. The operator of this server can add the host to TRUSTED_CLIENT_HOSTS.',
  tooManyDocuments: 'Too many applications are introducing themselves; try again in a minute.',
  stateUnreachable: 'A service that this server needs cannot be reached.',
  internal: ({ reference }: { reference: string }) => `Internal error ${reference}.`,
};

const landing = {
  address: 'The address for your assistant',
  copy: 'Copy',
  copied: 'Copied',
  selected: 'Selected',
  theAddress: 'the address',
  theTextFor: ({ client }: { client: string }) => `the text for ${client}`,
  needNothing: 'You need nothing else: add the address to your assistant, and sign in.',
  someNeedId: ({ clientId }: { clientId: Fragment }) =>
    html`For most assistants it is all you need. For some of them you also need a ${clientId}; the steps below say so.`,
  allNeedId: ({ clientId, clientSecret }: { clientId: Fragment; clientSecret: Fragment }) =>
    html`The address alone is not enough: you also need a ${clientId}, and for some assistants a ${clientSecret}.`,
  clientId: 'client ID',
  clientSecret: 'client secret',
  askAt: ({ operator, contact }: { operator: string; contact: Fragment }) =>
    html`Ask ${operator} for them: ${contact}.`,
  ask: ({ operator }: { operator: string }) => `Ask ${operator} for them.`,
  theOperator: 'the operator',
  whoGaveAddress: 'the person who gave you the address',
  howToAdd: 'How to add it',
  whatHappens: 'What happens then',
  toSignIn: ({ host }: { host: Fragment }) =>
    html`Your assistant brings you to the sign-in page of ${host}. There you choose what it may do, whom it may write to, and for how long.`,
  youCan: ({ see }: { see: Fragment }) => html`You can ${see} at any time, and end it.`,
  see: 'see what you have granted',
  unknownOperator:
    'This page does not say who runs the server. Use it only if you trust the person who gave you its address.',
  howToAddToAssistant: 'How to add it to your assistant',
  noSuchPage: 'There is no such page',
  oneAddress: 'This server is used through an assistant such as Claude or ChatGPT, which needs only one address of it.',
  forAssistant: 'This address is for your assistant',
  nothingInBrowser:
    'There is nothing to see here in a browser. Give the address to Claude, ChatGPT or another assistant.',
};

/** How each client is connected. What is between “ ” are the words of the client itself. */
const steps = {
  claudeOpen:
    'In Claude: Settings, Connectors, “Add custom connector”. It then appears in Claude on the desktop and on the phone too.',
  claudeLink: 'Open the connectors of Claude',
  claudeUrl: 'Any name, for example Mail. As the remote MCP server URL:',
  claudeCredentials: 'Under “Advanced settings”, paste your client ID and client secret.',
  claudeConnect: 'Add it, press “Connect”, and sign in.',
  terminal: 'In a terminal:',
  terminalWithId: 'In a terminal, with your client ID (it has no secret):',
  signIn: 'Sign in:',
  chatgptOpen: 'On the web: Settings, Apps, Advanced settings. Switch on “Developer mode”, then choose “Create app”.',
  chatgptLink: 'Open the apps of ChatGPT',
  chatgptUrl: 'Any name, for example Mail. Authentication: OAuth. As the MCP server URL:',
  chatgptCredentials:
    'In the advanced settings of the authentication choose a user-defined OAuth client, and paste your client ID, and your client secret if you have one.',
  chatgptCreate: 'Create it, and sign in.',
  byLink: 'Add it by this link:',
  addTo: ({ client }: { client: string }) => `Add to ${client}`,
  orIn: ({ file }: { file: string }) => `Or in ${file}:`,
  vscodeStart: 'Start it, and sign in.',
  vscodeStartWithId: 'Start it. Where VS Code asks for a client ID, paste yours; leave the secret empty. Then sign in.',
  cursorWithId: ({ file }: { file: string }) => `In ${file}, with your client ID:`,
  cursorWithIdAndSecret: ({ file }: { file: string }) =>
    `In ${file}, with your client ID. Leave out the secret if you have none:`,
  cursorConnect: 'In the settings of Cursor, under MCP, press “Connect” beside it, and sign in.',
  codexWithId: 'In a terminal, with your client ID (it has no secret). The sign-in begins by itself:',
  codex: 'In a terminal. The sign-in begins by itself:',
  again: 'To sign in again later:',
  others: 'Other applications',
  othersUrl: 'Any MCP client that connects over HTTP and signs in with OAuth can be used. The URL:',
  othersWithId:
    'Paste your client ID where it asks for one. It has to be made for this application: say which one it is.',
  othersRegister: 'It registers by itself, and asks you to sign in.',
};

export const en = {
  /** BCP 47, as in Accept-Language and in `lang`. */
  code: 'en',
  /** What the language calls itself. */
  name: 'English',
  direction: 'ltr' as 'ltr' | 'rtl',
  accounts,
  layout,
  signIn,
  address,
  consent,
  fields,
  problems,
  refusals,
  missiveRefusals,
  appPasswords,
  providerRefusals,
  granted,
  errors,
  landing,
  steps,
};

/** A language of the pages: its sentences. */
export type Language = typeof en;

/** A sentence of the pages, in whichever language the page is. */
export type Sentence = (t: Language) => string;
