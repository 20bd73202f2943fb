/** The messages in the mailbox of the demo. */

export interface Letter {
  from: string;
  subject: string;
  text: string;
  html?: string;
  /** Age of the message. */
  hoursAgo: number;
  flags: string[];
  attachment?: { filename: string; contentType: string; content: string };
}

export const OWNER = { fullName: 'Robin Weber', email: 'robin@demo.example' };

export const INBOX: readonly Letter[] = [
  {
    from: 'Hotel Alpenblick <booking@alpenblick.example>',
    subject: 'Your booking for 12 to 15 March',
    text: 'Dear Robin Weber,\n\nwe have kept the room with the balcony for you, three nights with breakfast.\nCheck-in is from 3 pm.\n\nHotel Alpenblick',
    hoursAgo: 190,
    flags: ['\\Seen'],
  },
  {
    from: 'Stadtwerke <service@stadtwerke.example>',
    subject: 'Invoice 2025-0417 for electricity',
    text: 'Your invoice for the last quarter is attached: 184.20 EUR, due in 14 days.',
    hoursAgo: 100,
    flags: ['\\Seen', '\\Flagged'],
    attachment: {
      filename: 'invoice-2025-0417.csv',
      contentType: 'text/csv',
      content: 'position,kWh,EUR\nelectricity,512,159.30\nbase price,,24.90\n',
    },
  },
  {
    from: 'Jürgen Müller <juergen@demo.example>',
    subject: 'Überarbeiteter Entwurf – bitte prüfen ✅',
    text: 'Hallo Robin,\n\nim Anhang ist nichts mehr zu ändern, nur Seite 3 bräuchte deinen Blick.\n\nGrüße\nJürgen',
    hoursAgo: 30,
    flags: [],
  },
  {
    from: 'The Weekly Garden <news@garden.example>',
    subject: 'What to plant in November',
    text: 'Garlic, tulips and patience.',
    html: '<h1>What to plant in November</h1><p>Garlic, <b>tulips</b> and patience.</p><p style="display:none">tracking text</p>',
    hoursAgo: 20,
    flags: [],
  },
  {
    from: 'Mia Chen <mia@demo.example>',
    subject: 'Lunch on Thursday?',
    text: 'Hi Robin,\n\nThursday at 12:30, the Thai place? I will book if you say yes.\n\nMia',
    hoursAgo: 2,
    flags: [],
  },
];
