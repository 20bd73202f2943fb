/** The little of mailparser that tests use to read what was composed. */
declare module 'mailparser' {
  interface ParsedAddress {
    name: string;
    address?: string;
    group?: ParsedAddress[];
  }
  interface ParsedMail {
    subject?: string;
    from?: { value: ParsedAddress[] };
    to?: { value: ParsedAddress[] } | { value: ParsedAddress[] }[];
    text?: string;
    html?: string | false;
    attachments: {
      filename?: string;
      contentType: string;
      contentDisposition: string;
      size: number;
      content: Buffer;
    }[];
  }
  export function simpleParser(source: Buffer): Promise<ParsedMail>;
}
