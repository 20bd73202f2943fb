/** A request to the stand-in for Missive, and functions with which its handlers read it. */
import { z } from 'zod';
import type { MissiveData, Row } from './data.ts';

export interface Call {
  data: MissiveData;
  /** Unix time, seconds. */
  now: number;
  /** A parameter of the path, decoded. */
  param(name: string): string;
  query: URLSearchParams;
  body: unknown;
}

export interface Reply {
  status: number;
  /** Absent: an empty body. */
  json?: unknown;
}

export type Handler = (call: Call) => Reply;

/** A refusal with the status and the text of the API. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const ok = (json: unknown): Reply => ({ status: 200, json });
export const created = (json: unknown): Reply => ({ status: 201, json });

export type Fields = Record<string, unknown>;

const Fields = z.record(z.string(), z.unknown());

export function fieldsOf(value: unknown): Fields {
  const parsed = Fields.safeParse(value);
  if (!parsed.success) throw new Refusal(400, 'Validation failed: an object is needed');
  return parsed.data;
}

/** `{key: {…}}` */
export function enveloped({ body }: Call, key: string): Fields {
  return fieldsOf(fieldsOf(body)[key]);
}

/** `{key: [{…}, …]}` */
export function envelopedList({ body }: Call, key: string): Fields[] {
  const list = fieldsOf(body)[key];
  if (!Array.isArray(list) || list.length === 0) throw new Refusal(400, `Validation failed: ${key} must be an array`);
  return list.map(fieldsOf);
}

/** The objects of a batch update, which has one for each id in the path. */
export function batchObjects(call: Call, key: string): Fields[] {
  const named = call.param('ids').split(',');
  const list = fieldsOf(call.body)[key];
  const objects = Array.isArray(list) ? list.map(fieldsOf) : [];
  const given = objects.map(({ id }) => id);
  if (given.length !== named.length || !named.every((id) => given.includes(id))) {
    throw new Refusal(400, 'Invalid resource ID(s)');
  }
  return objects;
}

export function find(rows: readonly Row[], id: unknown): Row {
  const row = rows.find((each) => each.id === id);
  if (row === undefined) throw new Refusal(404, 'Not found');
  return row;
}

export function remove(rows: Row[], id: string): Reply {
  rows.splice(rows.indexOf(find(rows, id)), 1);
  return { status: 200 };
}

export function requireFields(fields: Fields, ...names: string[]): void {
  const missing = names.find((name) => fields[name] === undefined || fields[name] === null || fields[name] === '');
  if (missing !== undefined) throw new Refusal(400, `Validation failed: ${missing} can't be blank`);
}

/** The fields that the API knows; others are silently dropped. */
export function knownFields(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}

/** For the few resources that refuse unknown fields. */
export function onlyPermitted(fields: Fields, names: readonly string[]): Fields {
  const others = Object.keys(fields).filter((name) => !names.includes(name));
  if (others.length > 0) throw new Refusal(400, `Unpermitted parameters: ${others.join(', ')}`);
  return fields;
}

export const listOf = (value: unknown): string[] => z.array(z.string()).catch([]).parse(value);

/** @throws {Refusal} if a text is too long */
export function limitLength(fields: Fields, name: string, maxLength: number): void {
  const value = fields[name];
  if (typeof value === 'string' && value.length > maxLength) {
    throw new Refusal(400, `Validation failed: ${name} is too long (maximum is ${maxLength} characters)`);
  }
}
