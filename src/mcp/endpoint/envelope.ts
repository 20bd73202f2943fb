/** Defines the `_meta` that every message of the 2026 era has (MCP 2026-07-28, basic, "`_meta`"). */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  isSpecType,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { MODERN_VERSION } from './protocol-versions.ts';

export const ProgressToken = z.union([z.string(), z.number().int()]).optional();

/** A complete envelope; it may have further members. */
export const Envelope = z.looseObject({
  progressToken: ProgressToken,
  [PROTOCOL_VERSION_META_KEY]: z.literal(MODERN_VERSION),
  [CLIENT_CAPABILITIES_META_KEY]: z.custom(isSpecType.ClientCapabilities),
  [CLIENT_INFO_META_KEY]: z.custom(isSpecType.Implementation).optional(),
});

const ENVELOPE_KEYS = new Set([PROTOCOL_VERSION_META_KEY, CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY]);

/** The members that the fast path handles. */
export const isHandledKey = (key: string): boolean => ENVELOPE_KEYS.has(key);

/** True for members that are reserved for the protocol. */
export const isReservedKey = (key: string): boolean => /mcp|modelcontextprotocol/i.test(key);

/** True for members that only messages of the 2026 era have. */
export const isEnvelopeKey = (key: string): boolean => key.startsWith('io.modelcontextprotocol/');
