/** Handles requests for messages, drafts and posts in the stand-in for Missive. */
import { randomUUID } from 'node:crypto';
import { applyActions, reopen, targetOf } from './actions.ts';
import {
  type Call,
  created,
  enveloped,
  type Fields,
  fieldsOf,
  find,
  type Handler,
  knownFields,
  limitLength,
  ok,
  Refusal,
  remove,
  requireFields,
} from './call.ts';
import { type Row, toPublicRow } from './data.ts';
import { conversation, message } from './rows.ts';

const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The row with its body and its conversation, which has no `last_activity_at` here. */
function toFullRow({ data }: Call, row: Row): Row {
  const found = data.conversations.find(({ id }) => id === row._conversation);
  return {
    ...toPublicRow(row),
    conversation: toPublicRow(found ?? conversation({ id: String(row._conversation) }), 'last_activity_at'),
  };
}

const get: Handler = (call) => {
  const wanted = call.param('ids').split(',');
  const rows = wanted.map((id) => {
    const row = find(call.data.messages, id);
    if (row._api) throw new Refusal(404, 'Not found');
    return toFullRow(call, row);
  });
  return ok({ messages: wanted.length === 1 ? rows[0] : rows });
};

const findByMessageId: Handler = (call) => {
  const wanted = call.query.get('email_message_id');
  if (!wanted) throw new Refusal(400, "'email_message_id' is required");
  const rows = call.data.messages.filter(({ email_message_id }) => email_message_id === wanted);
  return ok({ messages: rows.slice(0, 10).map((row) => toFullRow(call, row)) });
};

const createMessage: Handler = (call) => {
  const { data, now } = call;
  const fields = enveloped(call, 'messages');
  requireFields(fields, 'account', 'from_field');
  checkAccount(call, fields);
  checkAttachments(fields);
  const target = targetOf(call, fields);
  applyActions(call, target, fields);
  const own = knownFields(fields, [
    'from_field',
    'to_fields',
    'cc_fields',
    'bcc_fields',
    'subject',
    'body',
    'delivered_at',
    'external_id',
  ]);
  const row = message({ id: randomUUID(), _conversation: target.id, delivered_at: now, ...own });
  data.messages.push(row);
  return created({ messages: { id: row.id, conversation: target.id } });
};

const createDraft: Handler = (call) => {
  const { data, now } = call;
  const fields = enveloped(call, 'drafts');
  checkAccount(call, fields);
  checkSender(call, fields);
  checkAttachments(fields);
  if (fields.send === true && fields.send_at !== undefined) {
    throw new Refusal(400, "'send' and 'send_at' are mutually exclusive");
  }
  if (fields.auto_followup === true && fields.send_at === undefined) {
    throw new Refusal(400, "'send_at' is required when 'auto_followup' is defined");
  }
  const target = targetOf(call, fields);
  applyActions(call, target, fields);
  const own = knownFields(fields, ['subject', 'body', 'from_field', 'to_fields', 'cc_fields', 'bcc_fields', 'send_at']);
  const id = randomUUID();
  const isSent = fields.send === true;
  if (isSent) data.messages.push(message({ ...own, id, _conversation: target.id, delivered_at: now, _api: true }));
  else data.drafts.push(message({ ...own, id, _conversation: target.id, draft: true, delivered_at: null }));
  return created({
    drafts: { id, conversation: target.id, subject: fields.subject ?? null, send_at: fields.send_at ?? null },
  });
};

function checkAccount({ data }: Call, { account }: Fields): void {
  if (account !== undefined && !data.accounts.includes(String(account))) {
    throw new Refusal(400, `account with id ${account} does not exist`);
  }
}

function checkSender({ data }: Call, { from_field: from, send, account }: Fields): void {
  const address = from === undefined ? undefined : fieldsOf(from).address;
  const isUnknown = address !== undefined && !data.senders.includes(String(address));
  const isMissing = send === true && from === undefined && account === undefined;
  if (isUnknown || isMissing) throw new Refusal(400, "'from_field' does not match an available sender");
}

function checkAttachments({ attachments }: Fields): void {
  const files = listed(attachments).map(fieldsOf);
  if (files.length > 25) throw new Refusal(400, 'Validation failed: too many attachments');
  for (const file of files) {
    if (typeof file.base64_data !== 'string') throw new Refusal(400, "Validation failed: base64_data can't be blank");
    requireFields(file, 'filename');
  }
}

const createPost: Handler = (call) => {
  const { data, now } = call;
  const fields = enveloped(call, 'posts');
  requireFields(fields, 'notification');
  requireFields(fieldsOf(fields.notification), 'title', 'body');
  if (!fields.text && !fields.markdown && listed(fields.attachments).length === 0) {
    throw new Refusal(400, 'Validation failed: text, markdown or attachments needed');
  }
  limitLength(fields, 'text', 8000);
  limitLength(fields, 'markdown', 8000);
  const target = targetOf(call, fields);
  if (fields.reopen !== false) reopen(target);
  applyActions(call, target, fields);
  const own = knownFields(fields, ['username', 'username_icon', 'notification', 'attachments']);
  const row = {
    id: randomUUID(),
    _conversation: target.id,
    created_at: now,
    username: null,
    username_icon: null,
    attachments: [],
    ...own,
  };
  data.posts.push(row);
  return created({ posts: { conversation: target.id, id: row.id } });
};

export const messageRoutes: [string, Handler][] = [
  ['GET /messages', findByMessageId],
  ['GET /messages/:ids', get],
  ['POST /messages', createMessage],
  ['POST /drafts', createDraft],
  ['DELETE /drafts/:id', (call) => remove(call.data.drafts, call.param('id'))],
  ['POST /posts', createPost],
  ['DELETE /posts/:id', (call) => remove(call.data.posts, call.param('id'))],
];
