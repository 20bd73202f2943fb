/** Signing in to Missive: the form with one field, what it says when something is wrong, and what the tokens are worth afterwards. */
import { describe, expect, test } from 'vitest';
import { closedPort } from '../support/ports.ts';
