/**
 * The sentences of the pages in German, formal.
 *
 * Terms: an account owner „erteilt“ an application „Zugriff“, and „entzieht“ it.
 */
import { type Fragment, html } from '../html.ts';
import type { Language, PasswordKind } from './en.ts';

const anAppPassword = (kind: PasswordKind): string =>
  kind === 'app' ? 'ein App-Passwort' : 'einen Autorisierungscode';

const inMinutes = (minutes: number): string =>
  minutes === 1 ? 'einer Minute' : minutes < 60 ? `${minutes} Minuten` : 'einer Stunde';

const inSeconds = (seconds: number): string => {
  if (seconds === 1) return 'einer Sekunde';
  return seconds < 120 ? `${seconds} Sekunden` : `${Math.ceil(seconds / 60)} Minuten`;
};

/** The names are neuter. */
const account = ({ name, secret, servers }: { name: string; secret: string; servers: string }) => ({
  connect: `${name} verbinden`,
  connectToAssistant: `${name} mit einem Assistenten verbinden`,
  wouldLike: ({ client }: { client: Fragment }) => html`${client} möchte Ihr ${name} verwenden.`,
  typeAgain: `Ihr ${secret} wird nie wieder angezeigt. Bitte geben Sie es noch einmal ein.`,
  custody: ({ server, client }: { server: string; client: string }) =>
    `Ihr ${secret} geht an ${servers} und sonst nirgendwohin. Es wird hier nicht gespeichert: ${server} verschlüsselt es in die Zugangsdaten, die ${client} aufbewahrt, aber nicht lesen kann.`,
  storedNowhere: `Ihr ${secret} wird nirgends gespeichert. Es steht verschlüsselt in den Zugangsdaten, die der Assistent aufbewahrt und nicht lesen kann.`,
  keptNowhere: `Ihr ${secret} wird bei diesem Server geprüft und nirgends gespeichert.`,
  assistants: `Claude, ChatGPT und andere Assistenten können über diesen Server in Ihrem ${name} arbeiten: soweit Sie es erlauben und bis Sie es beenden.`,
  assistantsRunBy: ({ operator }: { operator: Fragment }) =>
    html`Claude, ChatGPT und andere Assistenten können über diesen Server, den ${operator} betreibt, in Ihrem ${name} arbeiten: soweit Sie es erlauben und bis Sie es beenden.`,
  signInToSee: `Melden Sie sich an, um zu sehen, welche Anwendungen Ihr ${name} verwenden dürfen, und um ihnen den Zugriff zu entziehen.`,
  noGrants: `Keine Anwendung hat Zugriff auf dieses ${name}.`,
  noGrantsSeen: `Keine Anwendung hat Zugriff auf dieses ${name}, soweit dieser Server es seit seinem Start gesehen hat.`,
  endsAll: `Beendet alle Zugriffe auf dieses ${name}, die bis jetzt erteilt wurden, auch solche, die hier nicht stehen.`,
  allTakenBack: ({ until }: { until: Fragment }) =>
    html`Alle Zugriffe auf dieses ${name}, die bis ${until} erteilt wurden, sind entzogen.`,
  yourSecret: `Ihr ${secret}`,
});

const accounts: Language['accounts'] = {
  mail: account({ name: 'Postfach', secret: 'Passwort', servers: 'diese beiden Mailserver' }),
  provider: {
    ...account({ name: 'Postfach', secret: 'Passwort', servers: 'den Anbieter und diese beiden Mailserver' }),
    typeAgain: 'Bitte melden Sie sich noch einmal beim Anbieter an.',
    custody: ({ server, client }) =>
      `Was der Anbieter für Sie ausstellt, geht an ihn und an diese beiden Mailserver und sonst nirgendwohin. ${server} verschlüsselt es in die Zugangsdaten, die ${client} aufbewahrt, aber nicht lesen kann. Was bei manchen Anbietern hier aufbewahrt werden muss, ist ebenfalls verschlüsselt, bis Sie den Zugriff beenden.`,
    storedNowhere:
      'Sie melden sich bei Ihrem Mail-Anbieter an. Was er ausstellt, steht verschlüsselt in den Zugangsdaten, die der Assistent aufbewahrt und nicht lesen kann. Was bei manchen Anbietern hier aufbewahrt werden muss, ist ebenfalls verschlüsselt.',
    keptNowhere: 'Ihre Zustimmung beim Anbieter wird bei diesem Server geprüft und nirgends gespeichert.',
    yourSecret: 'Ihre Zustimmung beim Anbieter',
  },
  missive: account({ name: 'Missive-Konto', secret: 'API-Token', servers: 'Missive' }),
};

const layout: Language['layout'] = {
  problem: ({ title }) => `Fehler: ${title}`,
  runBy: ({ operator }) => html`Betrieben von ${operator}`,
  contact: 'Kontakt',
  privacy: 'Datenschutz',
  newTab: '(öffnet einen neuen Tab)',
  languages: 'Sprache dieser Seite',
};

const signIn: Language['signIn'] = {
  unverified: ({ client }) => html`${client} (ungeprüft)`,
  ofHost: ({ client, host }) => html`${client} von ${host}`,
  didNotWork: 'Das hat noch nicht geklappt',
  toPutRight: ({ count }) => `${count} Angaben sind zu berichtigen`,
  isUnverified: ({ client }) => `Niemand hat geprüft, ob das wirklich ${client} ist.`,
  verifiedHost: ({ host }) => html`Geprüfter Host: ${host}. Der Name ist die Angabe dieses Hosts.`,
  toThisDevice: 'Sie kehren zu einem Programm auf diesem Gerät zurück',
  startedOnDevice: ({ toThisDevice, host }) =>
    html`${toThisDevice} (${host}). Melden Sie sich nur an, wenn Sie das gerade selbst begonnen haben.`,
  startedThere: ({ host }) => html`Sie kehren zu ${host} zurück. Melden Sie sich nur an, wenn Sie dort begonnen haben.`,
  allow: 'Anmelden und erlauben',
  signIn: 'Anmelden',
  continueWith: ({ provider }) => `Weiter mit ${provider}`,
  cancel: 'Abbrechen',
  checking: ({ host }) => `Wird bei ${host} geprüft …`,
  goingToProvider: 'Weiter zum Anbieter …',
  seeGranted: 'Erteilte Zugriffe ansehen oder entziehen',
  signedIn: 'Sie sind angemeldet',
  closeWindow: ({ client }) => `${client} hat alles Nötige. Sie können dieses Fenster schließen.`,
};

const address: Language['address'] = {
  title: 'Ihr Konto verbinden',
  wouldLike: ({ client }) => html`${client} möchte es verwenden. Ihre Adresse entscheidet, wie Sie sich anmelden.`,
  legend: 'Ihr Konto',
  next: 'Was sie tun darf und wie Sie sich anmelden, kommt als Nächstes. Noch wird nichts übermittelt.',
  missiveInstead: 'Stattdessen ein Missive-Konto verwenden',
  addressInstead: 'Stattdessen eine E-Mail-Adresse verwenden',
  notYou: 'Nicht Sie?',
  change: 'Adresse ändern',
  theOperator: 'den Betreiber dieses Servers',
  notHere: ({ domain, operator }) =>
    `Adressen von ${domain} können hier nicht verbunden werden. Fragen Sie ${operator}, welche es können.`,
  hasEnded: ({ domain, operator }) => `Die Verbindung für ${domain} ist beendet. Fragen Sie ${operator}.`,
  missiveHasEnded: ({ operator }) => `Die Verbindung für Missive ist beendet. Fragen Sie ${operator}.`,
  ofAnotherConnection: 'Das gehört zu einer anderen Verbindung dieses Servers. Ändern Sie oben die Adresse.',
};

const consent: Language['consent'] = {
  summary: ({ may, not }) => {
    if (may === '') return `darf nicht: ${not}.`;
    return `darf ${may}${not === '' ? '' : `; nicht ${not}`}.`;
  },
  changed: 'Was Sie angekreuzt haben',
  change: 'Ändern',
  itMay: 'Wenn Sie sich anmelden, darf die Anwendung',
  new: 'neu',
  newHint: 'Was neu ist, war von diesem Browser aus bisher nicht erlaubt. Kreuzen Sie es nur an, wenn Sie es wollen.',
  sendOnlyTo: 'Nur senden an',
  sendHint: 'Adressen oder Domains wie @example.com. Leer: an alle.',
  sendHintGiven: ({ recipients }) =>
    `Adressen oder Domains wie @example.com. Leer: an alle, an die diese Verbindung schreiben kann, ${recipients}.`,
  howLong: 'Wie lange',
  lastEnd: ({ time }) => html`Endet von selbst am ${time}, wenn nicht früher.`,
  ends: { day: 'Einen Tag', week: 'Eine Woche', month: 'Einen Monat', revoked: 'Bis ich den Zugriff entziehe' },
  endsAt: ({ end, time }) => `${end}, bis ${time}`,
  powers: {
    mail: {
      read: 'Alle Ihre E-Mails lesen und durchsuchen',
      organise: 'Nachrichten verschieben und markieren',
      draft: 'Entwürfe schreiben',
      send: 'E-Mails in Ihrem Namen senden',
      trash: 'Nachrichten in den Papierkorb verschieben (kann rückgängig gemacht werden)',
      delete: 'Nachrichten endgültig löschen',
    },
    missive: {
      read: 'Alles lesen, was Sie in Missive sehen: Konversationen, Kommentare, Kontakte',
      organise: 'Konversationen, Kontakte, Labels und Aufgaben ändern und Notizen schreiben',
      draft: 'Entwürfe schreiben',
      send: 'Nachrichten in Ihrem Namen senden und Webhooks einrichten',
      trash: 'In den Papierkorb verschieben',
      delete: 'Entwürfe, Posts, Antworten und Webhooks löschen',
    },
  },
  readIn: ({ folders }) => `Die E-Mails in ${folders} lesen und durchsuchen`,
  withAttachments: ({ words }) => `${words}, auch die Anhänge`,
  verbs: {
    mail: {
      read: 'lesen',
      organise: 'ablegen',
      draft: 'entwerfen',
      send: 'senden',
      trash: 'in den Papierkorb legen',
      delete: 'endgültig löschen',
    },
    missive: {
      read: 'lesen',
      organise: 'Konversationen ändern',
      draft: 'entwerfen',
      send: 'senden',
      trash: 'in den Papierkorb legen',
      delete: 'löschen',
    },
  },
  limits: ({ limits }) => html`Grenzen dieser Verbindung: ${limits}`,
  limited: {
    folders: 'Ordner',
    recipients: 'Empfänger',
    sends: 'Senden',
    changes: 'Ändern',
    end: 'Zeit',
  },
  onlyIn: ({ folders }) => `Nur in ${folders}.`,
  below: ({ folder }) => `allem unter ${folder}`,
  writesOnlyTo: ({ recipients }) => `Schreibt nur an ${recipients}.`,
  sendsAnHour: ({ count }) =>
    count === 1 ? 'Sendet höchstens eine Nachricht pro Stunde.' : `Sendet höchstens ${count} Nachrichten pro Stunde.`,
  changesAnHour: ({ count }) =>
    count === 1 ? 'Ändert höchstens eine Nachricht pro Stunde.' : `Ändert höchstens ${count} Nachrichten pro Stunde.`,
  endsOn: ({ date }) => html`Endet am ${date}.`,
};

const fields: Language['fields'] = {
  login: 'Ihre Anmeldung',
  you: 'Sie',
  email: 'E-Mail-Adresse',
  password: 'Passwort',
  show: 'Anzeigen',
  whatYouType: '– Ihre Eingabe',
  details: 'Name, andere Anmeldung, Server',
  fullName: 'Vollständiger Name',
  fullNameHint: 'Wird denen angezeigt, denen Sie schreiben. Darf leer bleiben.',
  timeZone: 'Zeiten in meiner Zeitzone anzeigen,',
  identities: 'Weitere Adressen',
  identitiesHint:
    'E-Mails von ihnen werden als Ihre angezeigt. Eine pro Zeile, auf Wunsch mit Namen: Ida Brandt <ida@example.org>',
  mailboxLogin: 'Anmeldung am Postfach',
  checkedWith: ({ server, protection }) => html`Wird geprüft bei ${server}, ${protection}`,
  sentThrough: ({ server, protection }) => html`Versand über ${server}, ${protection}`,
  protections: { tls: 'mit TLS', starttls: 'mit STARTTLS', cleartext: 'unverschlüsselt' },
  username: 'Benutzername',
  usernameHint: 'Leer lassen, wenn es Ihre E-Mail-Adresse ist.',
  usernameAsConnected: 'Wie beim Verbinden: oft Ihre E-Mail-Adresse.',
  sending: 'E-Mails senden',
  sameLogin: 'Dieselbe Anmeldung zum Senden verwenden',
  sendingUsername: 'Benutzername zum Senden',
  sendingPassword: 'Passwort zum Senden',
  signInAt: ({ provider }) => `Sie melden sich bei ${provider} an. Hier wird kein Passwort eingegeben.`,
  endsAtRestart: 'Wird dieser Server neu gestartet, müssen Sie sich noch einmal anmelden.',
  nameAndAddresses: 'Name und Adressen',
  ifTheyDiffer: ({ provider }) => `– wenn sie von denen bei ${provider} abweichen`,
  mailboxAddress: 'Adresse des Postfachs',
  mailboxAddressHint: 'Leer lassen, wenn Sie sich mit dieser Adresse anmelden.',
  ifItIsAnother: '– wenn Sie sich mit einer anderen anmelden',
  apiToken: 'Persönliches API-Token',
  apiTokenHint:
    'In Missive: Settings, API, „Create a new token“. Ihre Organisation braucht den Tarif Productive oder einen höheren.',
};

const problems: Language['problems'] = {
  powersEmpty: 'Lassen Sie mindestens einen Punkt angekreuzt, oder wählen Sie „Abbrechen“.',
  recipientInvalid: ({ quoted }) => `„${quoted}“ ist weder eine Adresse noch eine Domain wie @example.com.`,
  recipientsTooMany: 'Das sind zu viele Adressen. Nennen Sie ganze Domains wie @example.com.',
  emailMissing: 'Geben Sie Ihre E-Mail-Adresse ein.',
  emailInvalid: 'Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@example.com.',
  emailTooLong: ({ most }) => `Die E-Mail-Adresse ist zu lang: höchstens ${most} Bytes.`,
  emailCharacter: 'Die E-Mail-Adresse enthält ein Zeichen, das dort nicht vorkommen kann.',
  nameTooLong: ({ most }) => `Der Name ist zu lang: höchstens ${most} Bytes.`,
  nameCharacter: 'Der Name enthält ein Zeichen, das dort nicht vorkommen kann.',
  usernameMissing: 'Geben Sie Ihren Benutzernamen ein.',
  usernameTooLong: ({ most }) => `Der Benutzername ist zu lang: höchstens ${most} Bytes.`,
  usernameCharacter: 'Der Benutzername enthält ein Zeichen, das dort nicht vorkommen kann.',
  passwordMissing: 'Geben Sie das Passwort ein.',
  sendingPasswordMissing: 'Geben Sie das Passwort zum Senden ein.',
  passwordLineBreak: 'Das Passwort enthält einen Zeilenumbruch, den kein Mailserver annimmt.',
  passwordTooLong: ({ most }) => `Das Passwort ist zu lang: höchstens ${most} Bytes.`,
  loginTooLong: 'Die Anmeldung ist zu lang; verwenden Sie ein kürzeres Passwort.',
  loginsTooLong: 'Die beiden Anmeldungen sind zusammen zu lang; verwenden Sie kürzere Passwörter.',
  identityCharacter: ({ line, quoted }) =>
    `Zeile ${line}, „${quoted}“, enthält ein Zeichen, das in einer Adresse nicht vorkommen kann.`,
  identityInvalid: ({ line, quoted }) =>
    `Zeile ${line}, „${quoted}“, ist keine Adresse. Schreiben Sie eine pro Zeile, zum Beispiel name@example.com.`,
  identityNameTooLong: ({ line, quoted, most }) =>
    `Zeile ${line}, „${quoted}“, enthält einen zu langen Namen: höchstens ${most} Bytes.`,
  identityTooLong: ({ line, quoted, most }) => `Zeile ${line}, „${quoted}“, ist zu lang: höchstens ${most} Bytes.`,
  identitiesTooMany: ({ count, most }) => `Das sind ${count} weitere Adressen; möglich sind höchstens ${most}.`,
  identitiesTooLong: 'Die weiteren Adressen sind zusammen zu lang; lassen Sie Namen oder einige Adressen weg.',
  providerTooLong:
    'Was der Anbieter ausgestellt hat, ist für diese Verbindung zu lang: Wenden Sie sich an den Betreiber dieses Servers.',
  tokenMissing: 'Geben Sie Ihr API-Token ein.',
  tokenCharacter:
    'Ein API-Token enthält keine Leerzeichen, Zeilenumbrüche oder Umlaute. Kopieren Sie es noch einmal vollständig aus Missive.',
  tokenTooLong: ({ most }) => `Das API-Token ist zu lang: höchstens ${most} Bytes.`,
  tokenTooLongBeside: 'Das API-Token ist zusammen mit den Grenzen dieser Verbindung zu lang.',
  tooManyAttempts: ({ minutes }) =>
    `Es gab zu viele Anmeldeversuche. Dem Mailserver wurde nichts geschickt. Versuchen Sie es in ${inMinutes(minutes)} noch einmal.`,
  tooManyAttemptsAtMissive: ({ minutes }) =>
    `Es gab zu viele Anmeldeversuche. Missive wurde nichts geschickt. Versuchen Sie es in ${inMinutes(minutes)} noch einmal.`,
  clientUnknown: 'Diese Client-ID ist hier nicht bekannt oder abgelaufen.',
};

const tellOperator = (reference: string | undefined): string =>
  `Ein weiterer Versuch hilft nicht: Wenden Sie sich an den Betreiber dieses Servers${reference === undefined ? '' : `, Kennung ${reference}`}.`;

const refusals: Language['refusals'] = {
  password: ({ host }) =>
    `${host} hat Benutzernamen und Passwort nicht angenommen. Prüfen Sie beides, und versuchen Sie es noch einmal.`,
  passwordForSending: ({ host }) =>
    `${host} hat Benutzernamen und Passwort nicht angenommen. Zum Lesen gelten sie: Geben Sie hier die zum Senden ein.`,
  passwordInPlaceOf: ({ host, provider, kind }) =>
    `${host} hat Benutzernamen und Passwort nicht angenommen. ${provider} verlangt hier ${anAppPassword(kind)}, nicht Ihr gewöhnliches Passwort.`,
  appPassword: ({ host, kind }) =>
    `${host} verlangt ${anAppPassword(kind)}, erstellt bei Ihrem Mail-Anbieter für diese Verbindung, an Stelle Ihres gewöhnlichen Passworts.`,
  noPasswords: ({ host }) =>
    `${host} nimmt von E-Mail-Programmen keine Passwörter an, auch keine App-Passwörter. Die zuständige Administration weiß, ob sich das ändern lässt.`,
  noPasswordsAtMicrosoft:
    'Microsoft nimmt von E-Mail-Programmen keine Passwörter an, und App-Passwörter helfen nicht. Dieser Server kann sich bei Microsoft-Konten nicht anmelden.',
  smtpAuthOff: ({ host }) =>
    `${host} lässt dieses Postfach nicht mit einem Passwort senden: SMTP AUTH ist dafür oder für Ihre Organisation abgeschaltet. Die zuständige Administration kann es einschalten; ein anderes Passwort hilft nicht.`,
  blocked: ({ host }) =>
    `${host} hat diese Anmeldung wegen einer Regel Ihrer Organisation abgelehnt. Ein anderes Passwort hilft nicht: Die zuständige Administration muss sie erlauben.`,
  misconfigured: ({ host, port, reference }) =>
    `Die Verbindung zu ${host}, Port ${port}, ist hier falsch eingerichtet; Ihr Passwort wurde deshalb nicht gesendet. ${tellOperator(reference)}`,
  unsupported: ({ host, reference }) =>
    `${host} bietet keine Anmeldung mit Passwort an, die hier bekannt ist. Fragen Sie Ihren Mail-Anbieter, ob E-Mail-Programme ein Passwort verwenden dürfen. ${tellOperator(reference)}`,
  unsafeLogin: ({ host }) =>
    `${host} hat die Anmeldung angenommen, öffnet diesem Programm aber kein Postfach („Unsafe Login“). Erlauben Sie IMAP im Webmail Ihres Anbieters und verwenden Sie einen neuen Autorisierungscode, oder fragen Sie dort den Support.`,
  noTokens: ({ host, reference }) =>
    `${host} nimmt die Anmeldung bei einem Anbieter nicht an. ${tellOperator(reference)}`,
  tokenRefused: ({ host }) =>
    `${host} öffnet dieses Postfach nicht für das Konto, mit dem Sie sich angemeldet haben. Prüfen Sie die Adresse, und ob IMAP für das Postfach erlaubt ist.`,
  unreachable: ({ host, port }) =>
    `${host} war auf Port ${port} nicht erreichbar. Versuchen Sie es in einer Minute noch einmal.`,
  timeout: ({ host }) => `${host} hat nicht rechtzeitig geantwortet. Versuchen Sie es in einer Minute noch einmal.`,
  certificate: ({ host, reference }) =>
    `Das Zertifikat von ${host} ist nicht gültig; Ihr Passwort wurde deshalb nicht gesendet. ${tellOperator(reference)}`,
  noStarttls: ({ host, port, reference }) =>
    `${host} bietet auf Port ${port} keine sichere Verbindung an; Ihr Passwort wurde deshalb nicht gesendet. ${tellOperator(reference)}`,
  refused: ({ host }) =>
    `${host} hat die Verbindung oder die Anmeldung vorerst abgelehnt. Versuchen Sie es später noch einmal, oder fragen Sie Ihren Mail-Anbieter nach dem Grund.`,
};

const missiveRefusals: Language['missiveRefusals'] = {
  credentials: 'Missive nimmt dieses API-Token nicht an. Kopieren Sie es noch einmal, oder erstellen Sie ein neues.',
  noApi:
    'Missive lässt Sie seine API nicht verwenden. Dafür braucht es eine Organisation mit dem Tarif Productive oder einem höheren: Fragen Sie, wer Ihre verwaltet.',
  rateLimited: ({ seconds }) =>
    `Missive nimmt mit diesem Token gerade keine Anfragen mehr an. Versuchen Sie es in ${inSeconds(seconds)} noch einmal.`,
  unreachable: ({ host }) => `${host} war nicht erreichbar. Versuchen Sie es in einer Minute noch einmal.`,
  timeout: ({ host }) => `${host} hat nicht rechtzeitig geantwortet. Versuchen Sie es in einer Minute noch einmal.`,
  refused: ({ host }) =>
    `${host} hat nicht so geantwortet wie Missive. Versuchen Sie es später noch einmal, oder wenden Sie sich an die Person, die diese Verbindung eingerichtet hat.`,
};

const appPasswords: Language['appPasswords'] = {
  hint: ({ provider, kind }) => `${provider} verlangt hier ${anAppPassword(kind)}, nicht Ihr gewöhnliches Passwort.`,
  get: ({ kind }) => (kind === 'app' ? 'App-Passwort erstellen' : 'Autorisierungscode erstellen'),
  at: ({ provider, kind }) => `${kind === 'app' ? 'App-Passwörter' : 'Autorisierungscodes'} bei ${provider}`,
  noneAtMicrosoft:
    'Microsoft nimmt von E-Mail-Programmen keine Passwörter an, auch keine App-Passwörter: Diese Anmeldung wird abgelehnt werden.',
  whatMicrosoftSays: 'Was Microsoft dazu sagt',
  forAdministrator: 'Für die Administration',
};

const providerRefusals: Language['providerRefusals'] = {
  otherTenant: ({ provider }) =>
    `Dieses Konto gehört zu einer Organisation, die hier nicht zugelassen ist. Fahren Sie mit einem anderen Konto von ${provider} fort.`,
  missingScope: ({ provider }) =>
    `Der Zugriff auf Ihre E-Mails wurde nicht erlaubt. Fahren Sie noch einmal fort, und lassen Sie ihn bei ${provider} angekreuzt.`,
  wrongAudience: ({ provider }) =>
    `Was ${provider} ausgestellt hat, gilt nicht für ein Postfach: Wenden Sie sich an den Betreiber dieses Servers.`,
  noRefreshToken: ({ provider }) =>
    `${provider} erlaubt keinen dauerhaften Zugriff: Wenden Sie sich an den Betreiber dieses Servers.`,
  denied: ({ provider }) =>
    `Sie haben den Zugriff bei ${provider} nicht erlaubt. Fahren Sie noch einmal fort, oder brechen Sie ab.`,
  administrator: ({ provider }) =>
    `Die Administration Ihrer Organisation muss diese Anwendung zuerst bei ${provider} erlauben.`,
  forbidden: ({ provider, code }) =>
    `Eine Regel Ihrer Organisation verbietet diese Anmeldung bei ${provider} (${code}): Wenden Sie sich an deren Administration.`,
  failed: ({ provider }) => `${provider} hat die Anmeldung nicht abgeschlossen. Fahren Sie noch einmal fort.`,
  ended: ({ provider }) => `${provider} nimmt diese Anmeldung nicht mehr an. Fahren Sie noch einmal fort.`,
  notAllowed: ({ provider }) => `${provider} hat die Anmeldung nicht erlaubt.`,
  outage: ({ provider }) => `${provider} kann gerade nicht antworten. Versuchen Sie es in einer Minute noch einmal.`,
  unreachable: ({ provider }) => `${provider} war nicht erreichbar. Versuchen Sie es in einer Minute noch einmal.`,
  timeout: ({ provider }) =>
    `${provider} hat nicht rechtzeitig geantwortet. Versuchen Sie es in einer Minute noch einmal.`,
  refusesRequests: ({ provider, code }) =>
    `${provider} lehnt die Anfragen dieses Servers ab (${code}): Wenden Sie sich an dessen Betreiber.`,
  notAcceptable: ({ provider }) =>
    `Die Antwort von ${provider} ist nicht annehmbar: Wenden Sie sich an den Betreiber dieses Servers.`,
  needsRedis: ({ provider }) =>
    `${provider} ersetzt, was es ausstellt, und die Replikate dieses Servers haben kein gemeinsames Redis, in dem das Neueste liegt. Der Betreiber muss REDIS_URL setzen.`,
  notRegistered: ({ provider }) =>
    `Dieser Server ist bei ${provider} nicht registriert: Das muss der Betreiber beheben.`,
  otherCallback: ({ provider }) =>
    `${provider} hat Sie zu einer anderen Adresse dieses Servers zurückgeschickt als der eigenen: Das muss der Betreiber beheben.`,
  noRoom: ({ provider }) =>
    `Was ${provider} ausgestellt hat, ist für diese Verbindung zu lang, und dieser Server hat kein Redis, in dem es liegen könnte. Der Betreiber muss REDIS_URL setzen.`,
  tooLong: ({ provider }) =>
    `Was ${provider} ausgestellt hat, ist für diesen Server zu lang: Wenden Sie sich an dessen Betreiber.`,
  noState: 'Dieser Server kann die Anmeldung gerade nicht abschließen. Fahren Sie in einer Minute noch einmal fort.',
};

const granted: Language['granted'] = {
  title: 'Erteilte Zugriffe',
  takenBackTitle: 'Zugriff entzogen',
  lead: 'Sehen Sie, welche Anwendungen Ihr Konto verwenden dürfen, und entziehen Sie ihnen den Zugriff.',
  clientId: 'Client-ID',
  clientIdHint: 'Die, mit der Sie Ihr Konto verbunden haben. Sie bestimmt, welcher Server gefragt wird.',
  continue: 'Weiter',
  anotherServer: 'Ein anderer Server',
  anotherMailServer: 'Ein anderer Mailserver',
  of: ({ who, host }) => html`Für ${who} bei ${host}`,
  noticeWithNext: 'Anwendungen bemerken es bei ihrer nächsten Anfrage.',
  may: ({ powers }) => `Darf ${powers}.`,
  mayTo: ({ powers, recipients }) => `Darf ${powers}, nur an ${recipients}.`,
  powers: {
    read: 'lesen',
    organise: {
      mail: 'Nachrichten verschieben und markieren',
      missive: 'Konversationen, Kontakte, Labels und Aufgaben ändern',
    },
    draft: 'Entwürfe schreiben',
    send: 'senden',
    trash: 'Nachrichten in den Papierkorb verschieben',
    delete: { mail: 'endgültig löschen', missive: 'löschen' },
  },
  returnedTo: ({ host }) => `Rückkehr zu ${host}`,
  sinceUntil: ({ since, until }) => html`Seit ${since}, bis ${until}`,
  reused: ({ count, last }) =>
    html`Der Schlüssel wurde ${count === 1 ? 'einmal' : `${count}-mal`} erneut verwendet, zuletzt am ${last}. Das kommt nach einer verlorenen Antwort oder mit zwei Fenstern vor; wenn es anhält, entziehen Sie den Zugriff.`,
  takeBack: 'Entziehen',
  hasNoAccess: ({ client }) => `${client} hat keinen Zugriff mehr.`,
  everything: 'Alles auf einmal',
  takeBackEverything: 'Alle Zugriffe entziehen',
  toTakeItBack: 'Zugriff entziehen',
  locks: {
    mail: 'Ändern Sie das Passwort Ihres Postfachs, oder löschen Sie das App-Passwort, das Sie verwendet haben. Alles, was vorher erteilt wurde, endet damit.',
    provider: ({ provider }) =>
      `Entfernen Sie bei ${provider} den Zugriff der Anwendung, in den Einstellungen Ihres Kontos dort. Alles, was vorher erteilt wurde, endet damit, meist innerhalb von 90 Minuten. Ein neues Passwort genügt nicht.`,
    missive: 'Löschen Sie das API-Token in Missive, unter Settings, API. Alles, was vorher erteilt wurde, endet damit.',
  },
  keepsNoList: 'Dieser Server führt keine Liste: Sie sehen, was er seit seinem Start gesehen hat.',
};

const errors: Language['errors'] = {
  ourFault: 'Hier ist etwas schiefgegangen',
  cannotGoOn: 'Diese Anmeldung kann nicht fortgesetzt werden',
  signInAgain: 'Bitte melden Sie sich noch einmal an',
  sentNothingTryAgain:
    'Der Anwendung wurde nichts gesendet. Gehen Sie zu ihr zurück, und versuchen Sie es in einer Minute noch einmal. Wenn es wieder geschieht, wenden Sie sich an den Betreiber dieses Servers.',
  sentNothingStartAgain:
    'Es wurde nichts gesendet. Gehen Sie zur Anwendung zurück, und beginnen Sie dort noch einmal, Ihr Postfach zu verbinden. Wenn das nicht hilft, wenden Sie sich an die Person, von der Sie die Verbindung haben.',
  nothingTakenBackTryAgain: 'Es wurde nichts entzogen. Versuchen Sie es in einer Minute noch einmal.',
  nothingTakenBackSignIn: 'Es wurde nichts entzogen. Öffnen Sie die Seite neu, und melden Sie sich an.',
  goTo: ({ name }) => `Weiter zu ${name}`,
  theStart: 'Anmeldung',
  errorCode: ({ code }) => html`Fehlercode: ${code}`,
  stalePage: 'Diese Seite ist zu alt oder wurde in einem anderen Browser geöffnet.',
  staleSignIn: 'Diese Anmeldeseite ist zu alt, wurde schon verwendet oder wurde in einem anderen Browser geöffnet.',
  staleAtProvider:
    'Diese Anmeldung wurde in einem anderen Browser oder vor zu langer Zeit begonnen, oder sie wurde schon verwendet. Beginnen Sie noch einmal.',
  tooManyAtProvider:
    'Aus Ihrem Netz sind zu viele Anmeldungen bei einem Anbieter fehlgeschlagen. Laden Sie diese Seite in einer Minute noch einmal.',
  wayHasChanged: 'Die Art der Anmeldung hat sich geändert.',
  tooLongForProvider: 'Die Anfrage ist zu lang für eine Anmeldung bei einem Anbieter.',
  requestTooLong: 'Die Anfrage ist zu lang.',
  headersTooLarge:
    'Die Cookies oder die URL dieser Anfrage sind zu lang für diesen Server. Begonnene Anmeldungen enden nach zehn Minuten: Beginnen Sie dann noch einmal, oder löschen Sie die Cookies dieser Website.',
  linkTooLong: 'Der Link ist zu lang.',
  namedTwice: ({ name }) => `Der Link nennt ${name} mehr als einmal.`,
  notNamed: ({ name }) => `Der Link nennt keine ${name}.`,
  redirectUriUnknown: 'Die redirect_uri des Links ist für diese client_id nicht eingetragen.',
  clientUnknown: 'Die client_id ist hier nicht bekannt.',
  fieldTwice: 'Ein Feld des Formulars kam mehr als einmal.',
  beingChecked: 'Diese Anmeldung wird schon geprüft. Versuchen Sie es in einer Minute noch einmal.',
  nothingAllowed: 'Der Betreiber dieses Servers erlaubt nichts von dem, was angefragt wurde.',
  connectionEnded: 'Die Verbindung, für die der Zugriff erteilt wurde, ist beendet.',
  documentUnreachable: 'Was die Anwendung über sich angibt, konnte nicht abgerufen werden.',
  noDocument: 'Die client_id ist eine URL, aber dort beschreibt kein Dokument die Anwendung.',
  noDocumentUrl: 'Die client_id ist eine URL, die keine Anwendung bezeichnet.',
  documentInvalid: 'Das Dokument unter der client_id beschreibt keine Anwendung.',
  documentHostUntrusted:
    'Die client_id ist eine URL bei einem Host, dem dieser Server nicht vertraut. Sein Betreiber kann den Host in TRUSTED_CLIENT_HOSTS eintragen.',
  tooManyDocuments: 'Gerade stellen sich zu viele Anwendungen vor. Versuchen Sie es in einer Minute noch einmal.',
  stateUnreachable: 'Ein Dienst, den dieser Server braucht, ist nicht erreichbar.',
  internal: ({ reference }) => `Interner Fehler ${reference}.`,
};

const landing: Language['landing'] = {
  address: 'Die Adresse für Ihren Assistenten',
  copy: 'Kopieren',
  copied: 'Kopiert',
  selected: 'Markiert',
  theAddress: '– die Adresse',
  theTextFor: ({ client }) => `– den Text für ${client}`,
  needNothing: 'Mehr brauchen Sie nicht: Fügen Sie die Adresse bei Ihrem Assistenten hinzu, und melden Sie sich an.',
  someNeedId: ({ clientId }) =>
    html`Für die meisten Assistenten genügt sie. Für einige brauchen Sie außerdem eine ${clientId}; in den Schritten unten steht es dann.`,
  allNeedId: ({ clientId, clientSecret }) =>
    html`Die Adresse allein genügt nicht: Sie brauchen außerdem eine ${clientId} und für einige Assistenten ein ${clientSecret}.`,
  clientId: 'Client-ID',
  clientSecret: 'Client-Secret',
  askAt: ({ operator, contact }) => html`Fragen Sie danach: ${operator}, ${contact}.`,
  ask: ({ operator }) => `Fragen Sie danach: ${operator}.`,
  theOperator: 'den Betreiber',
  whoGaveAddress: 'die Person, von der Sie die Adresse haben',
  howToAdd: 'So fügen Sie sie hinzu',
  whatHappens: 'Was dann geschieht',
  toSignIn: ({ host }) =>
    html`Ihr Assistent bringt Sie zur Anmeldeseite von ${host}. Dort wählen Sie, was er darf, an wen er schreiben darf und wie lange.`,
  youCan: ({ see }) => html`Sie können jederzeit ${see} und sie beenden.`,
  see: 'die erteilten Zugriffe ansehen',
  unknownOperator:
    'Diese Seite sagt nicht, wer den Server betreibt. Verwenden Sie ihn nur, wenn Sie der Person vertrauen, von der Sie die Adresse haben.',
  howToAddToAssistant: 'So fügen Sie sie Ihrem Assistenten hinzu',
  noSuchPage: 'Diese Seite gibt es nicht',
  oneAddress:
    'Dieser Server wird über einen Assistenten wie Claude oder ChatGPT verwendet, der nur eine Adresse davon braucht.',
  forAssistant: 'Diese Adresse ist für Ihren Assistenten',
  nothingInBrowser:
    'Im Browser gibt es hier nichts zu sehen. Geben Sie die Adresse Claude, ChatGPT oder einem anderen Assistenten.',
};

const steps: Language['steps'] = {
  claudeOpen:
    'In Claude: „Settings“, „Connectors“, „Add custom connector“. Danach ist die Verbindung auch in Claude auf dem Desktop und auf dem Telefon da.',
  claudeLink: 'Die Connectors von Claude öffnen',
  claudeUrl: 'Ein beliebiger Name, zum Beispiel Mail. Als URL des Remote-MCP-Servers:',
  claudeCredentials: 'Fügen Sie unter „Advanced settings“ Ihre Client-ID und Ihr Client-Secret ein.',
  claudeConnect: 'Fügen Sie die Verbindung hinzu, wählen Sie „Connect“, und melden Sie sich an.',
  terminal: 'In einem Terminal:',
  terminalWithId: 'In einem Terminal, mit Ihrer Client-ID (sie hat kein Secret):',
  signIn: 'Anmelden:',
  chatgptOpen:
    'Im Web: „Settings“, „Apps“, „Advanced settings“. Schalten Sie „Developer mode“ ein, und wählen Sie dann „Create app“.',
  chatgptLink: 'Die Apps von ChatGPT öffnen',
  chatgptUrl: 'Ein beliebiger Name, zum Beispiel Mail. Authentication: OAuth. Als URL des MCP-Servers:',
  chatgptCredentials:
    'Wählen Sie in den erweiterten Einstellungen der Authentifizierung einen eigenen OAuth-Client, und fügen Sie Ihre Client-ID ein, außerdem Ihr Client-Secret, wenn Sie eines haben.',
  chatgptCreate: 'Erstellen Sie die App, und melden Sie sich an.',
  byLink: 'Mit diesem Link hinzufügen:',
  addTo: ({ client }) => `Zu ${client} hinzufügen`,
  orIn: ({ file }) => `Oder in ${file}:`,
  vscodeStart: 'Starten Sie den Server, und melden Sie sich an.',
  vscodeStartWithId:
    'Starten Sie den Server. Wo VS Code nach einer Client-ID fragt, fügen Sie Ihre ein; das Secret bleibt leer. Dann melden Sie sich an.',
  cursorWithId: ({ file }) => `In ${file}, mit Ihrer Client-ID:`,
  cursorWithIdAndSecret: ({ file }) =>
    `In ${file}, mit Ihrer Client-ID. Lassen Sie das Secret weg, wenn Sie keines haben:`,
  cursorConnect: 'Wählen Sie in den Einstellungen von Cursor unter MCP daneben „Connect“, und melden Sie sich an.',
  codexWithId: 'In einem Terminal, mit Ihrer Client-ID (sie hat kein Secret). Die Anmeldung beginnt von selbst:',
  codex: 'In einem Terminal. Die Anmeldung beginnt von selbst:',
  again: 'Um sich später noch einmal anzumelden:',
  others: 'Andere Anwendungen',
  othersUrl: 'Jeder MCP-Client, der sich über HTTP verbindet und mit OAuth anmeldet, kann verwendet werden. Die URL:',
  othersWithId:
    'Fügen Sie Ihre Client-ID ein, wo danach gefragt wird. Sie muss für diese Anwendung erstellt sein: Sagen Sie, für welche.',
  othersRegister: 'Die Anwendung registriert sich selbst und bittet Sie, sich anzumelden.',
};

export const de: Language = {
  code: 'de',
  name: 'Deutsch',
  direction: 'ltr',
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
