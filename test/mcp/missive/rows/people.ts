/** People and files that the rows of messages, drafts and posts share. */

export const support = { name: 'Support', address: 'support@example.org' };
export const jane = { name: 'Jane Doe', address: 'jane.doe@customer.example' };
export const file = 'https://mail.example/attachments/own';
export const attached = { filename: 'plan.pdf', base64_data: Buffer.from('a plan').toString('base64') };

/** Files behind the attachment links of this server. */
export const files = { [file]: { filename: 'plan.pdf', bytes: Buffer.from('a plan') } };

export const badPeople = (args: Record<string, unknown>) => [
  { what: 'a person without an address', args: { ...args, to_fields: [{ name: 'Jane' }] }, says: /to_fields\.0/ },
  {
    what: 'a key that Missive drops',
    args: { ...args, to_fields: [{ email: 'j@x.example' }] },
    says: /to_fields\.0.*email/,
  },
  {
    what: 'a name inside the address',
    args: { ...args, to_fields: [{ address: 'Jane <j@x.example>' }] },
    says: /address/,
  },
  {
    what: 'a number without its plus',
    args: { ...args, to_fields: [{ phone_number: '15550100199' }] },
    says: /plus sign/,
  },
];
