/** Handles requests for tasks, responses, webhooks and reports in the stand-in for Missive. */
import { randomUUID } from 'node:crypto';
import { targetOf } from './actions.ts';
import {
  batchObjects,
  type Call,
  created,
  enveloped,
  envelopedList,
  type Fields,
  find,
  type Handler,
  knownFields,
  limitLength,
  listOf,
  ok,
  Refusal,
  remove,
  requireFields,
} from './call.ts';
import { type Row, toPublicRow } from './data.ts';
import { offsetPage, untilPage } from './pages.ts';

const TASK_CHANGES = ['title', 'description', 'state', 'assignees', 'team', 'due_at'];
const STATES = ['todo', 'in_progress', 'closed'];

function checkTask({ data }: Call, fields: Fields): void {
  limitLength(fields, 'title', 1000);
  limitLength(fields, 'description', 10_000);
  if (fields.state !== undefined && !STATES.includes(String(fields.state))) {
    throw new Refusal(400, 'Validation failed: state is not included in the list');
  }
  for (const id of listOf(fields.assignees)) find(data.users, id);
  if (fields.team !== undefined) find(data.teams, fields.team);
}

const listTasks: Handler = ({ data, query }) => {
  const filters: Record<string, (row: Row, value: string) => boolean> = {
    organization: (row, value) => row._organization === value,
    team: (row, value) => row.team === value,
    assignee: (row, value) => listOf(row.assignees).includes(value),
    state: (row, value) => row.state === value,
    type: (row, value) => value === 'all' || row.type === value,
    conversation: (row, value) => row.conversation === value,
    due_at_gteq: (row, value) => row.due_at !== null && Number(row.due_at) >= Number(value),
    due_at_lteq: (row, value) => row.due_at !== null && Number(row.due_at) <= Number(value),
  };
  const rows = data.tasks.filter((row) =>
    Object.entries(filters).every(([name, isMatch]) => {
      const value = query.get(name);
      return value === null || isMatch(row, value);
    }),
  );
  return ok({
    tasks: untilPage(rows, 'last_activity_at', query, { defaultLimit: 25, maxLimit: 50 }).map((row) =>
      toPublicRow(row),
    ),
  });
};

const getTask: Handler = ({ data, param }) => {
  const row = find(data.tasks, param('id'));
  const assignees = listOf(row.assignees).map((id) => toPublicRow(find(data.users, id)));
  return ok({
    tasks: { ...toPublicRow(row), assignees, team: row.team === null ? null : toPublicRow(find(data.teams, row.team)) },
  });
};

const createTask: Handler = (call) => {
  const { data, now } = call;
  const fields = enveloped(call, 'tasks');
  requireFields(fields, 'title');
  for (const name of ['team', 'assignees', 'add_users']) {
    if (fields[name] !== undefined && fields.organization === undefined) {
      throw new Refusal(400, `'organization' is required when '${name}' is defined`);
    }
  }
  const isSubtask = fields.subtask === true;
  if (isSubtask && fields.conversation === undefined && fields.references === undefined) {
    throw new Refusal(400, "'conversation' or 'references' is required when 'subtask' is defined");
  }
  if (!isSubtask && fields.team === undefined && listOf(fields.assignees).length === 0) {
    throw new Refusal(400, "Validation failed: 'team' or 'assignees' is required");
  }
  checkTask(call, fields);
  const own = knownFields(fields, TASK_CHANGES);
  const conversation = isSubtask ? targetOf(call, fields).id : null;
  const row: Row = {
    id: randomUUID(),
    conversation,
    description: null,
    state: 'todo',
    assignees: [],
    team: null,
    due_at: null,
    ...own,
  };
  const later = { started_at: null, closed_at: null, type: isSubtask ? 'conversation' : 'task', last_activity_at: now };
  data.tasks.push({ ...row, ...later, _organization: fields.organization });
  return created({ tasks: row });
};

const updateTask: Handler = (call) => {
  const fields = enveloped(call, 'tasks');
  checkTask(call, fields);
  const row = find(call.data.tasks, call.param('id'));
  return ok({
    tasks: toPublicRow(Object.assign(row, knownFields(fields, TASK_CHANGES), { last_activity_at: call.now })),
  });
};

const RESPONSE = [
  'organization',
  'user',
  'title',
  'body',
  'subject',
  'share_with_team',
  'shared_labels',
  'to_fields',
  'cc_fields',
  'bcc_fields',
  'external_id',
  'external_source',
  'attachments',
];

function checkResponse(fields: Fields): void {
  limitLength(fields, 'title', 500);
  limitLength(fields, 'subject', 500);
  if ((fields.external_id === undefined) !== (fields.external_source === undefined)) {
    throw new Refusal(400, "'external_id' and 'external_source' must be given together");
  }
}

const createResponses: Handler = (call) => {
  const rows = envelopedList(call, 'responses').map((fields): Row => {
    if ((fields.organization === undefined) === (fields.user === undefined)) {
      throw new Refusal(400, "Validation failed: one of 'organization' and 'user' is required");
    }
    checkResponse(fields);
    return {
      id: randomUUID(),
      organization: null,
      user: null,
      subject: null,
      modified_at: call.now,
      ...knownFields(fields, RESPONSE),
    };
  });
  call.data.responses.push(...rows);
  return created({ responses: rows.map((row) => toPublicRow(row)) });
};

/** A response that can be changed: one that was not imported with a WhatsApp template. */
function changeable({ data }: Call, id: unknown): Row {
  const row = find(data.responses, id);
  if (row._imported) throw new Refusal(403, 'Imported responses cannot be changed');
  return row;
}

const updateResponses: Handler = (call) => {
  const rows = batchObjects(call, 'responses').map((fields) => {
    checkResponse(fields);
    return Object.assign(changeable(call, fields.id), knownFields(fields, RESPONSE), { modified_at: call.now });
  });
  return ok({ responses: rows.map((row) => toPublicRow(row)) });
};

const deleteResponses: Handler = (call) => {
  const wanted = call.param('ids').split(',');
  for (const id of wanted) changeable(call, id);
  for (const id of wanted) remove(call.data.responses, id);
  return { status: 200 };
};

const HOOK_TYPES = [
  'incoming_email',
  'incoming_sms_message',
  'incoming_facebook_message',
  'incoming_whatsapp_message',
  'incoming_twilio_chat_message',
  'new_comment',
];

const createHook: Handler = (call) => {
  const fields = enveloped(call, 'hooks');
  requireFields(fields, 'type', 'url');
  if (!HOOK_TYPES.includes(String(fields.type)))
    throw new Refusal(400, 'Validation failed: type is not included in the list');
  const row = { ...fields, id: randomUUID() };
  call.data.hooks.push(row);
  return created({ hooks: { id: row.id } });
};

const createReport: Handler = (call) => {
  const fields = enveloped(call, 'reports');
  requireFields(fields, 'organization', 'start', 'end');
  find(call.data.organizations, fields.organization);
  const row = { id: randomUUID(), _pending: call.data.reportsPending };
  call.data.reports.push(row);
  return created({ reports: { id: row.id } });
};

/** A pending, an expired and an unknown report all return an empty 404. */
const getReport: Handler = ({ data, param }) => {
  const row = data.reports.find(({ id }) => id === param('id'));
  if (row === undefined) return { status: 404 };
  const pending = Number(row._pending);
  row._pending = pending - 1;
  if (pending > 0) return { status: 404 };
  const totals = { metrics: { inbound_count: { v: 12 }, outbound_count: { v: 9 } } };
  return ok({ reports: { selected_period: { global: { totals } }, previous_period: { global: { totals } } } });
};

const listResponses: Handler = ({ data, query }) => {
  const wanted = query.get('organization');
  const rows = data.responses.filter(({ organization }) => wanted === null || organization === wanted);
  return ok({ responses: offsetPage(rows, query).map((row) => toPublicRow(row)) });
};

export const workRoutes: [string, Handler][] = [
  ['GET /tasks', listTasks],
  ['GET /tasks/:id', getTask],
  ['POST /tasks', createTask],
  ['PATCH /tasks/:id', updateTask],
  ['GET /responses', listResponses],
  ['GET /responses/:id', ({ data, param }) => ok({ responses: [toPublicRow(find(data.responses, param('id')))] })],
  ['POST /responses', createResponses],
  ['PATCH /responses/:ids', updateResponses],
  ['DELETE /responses/:ids', deleteResponses],
  ['POST /hooks', createHook],
  ['DELETE /hooks/:id', (call) => remove(call.data.hooks, call.param('id'))],
  ['POST /analytics/reports', createReport],
  ['GET /analytics/reports/:id', getReport],
];
