/** Turns the texts with which Missive refuses a request into sentences that name the parameter and the next step. */
import { z } from 'zod';

/** The shapes of error bodies that Missive has sent; each holds one text. */
const ErrorBody = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ errors: z.string() }).transform(({ errors }) => errors),
  z.object({ errors: z.array(z.string()) }).transform(({ errors }) => errors.join('; ')),
  z.object({ message: z.string() }).transform(({ message }) => message),
]);

/** Texts with a known meaning. The group of a pattern is a parameter name or a number. */
const KNOWN: readonly [pattern: RegExp, sentence: (found: string) => string][] = [
  [
    /need to paginate at least one mailbox/i,
    () =>
      'The list needs one mailbox filter: one of inbox, all, assigned, closed, snoozed, flagged, trashed, junked, drafts, or shared_label (list_all_missive_shared_labels finds it), team_inbox, team_closed or team_all (list_all_missive_teams finds the team).',
  ],
  [/min 'limit' value is (\d{1,6})/i, (least) => `The parameter limit is too small: pass ${least} or more.`],
  [/max 'limit' value is (\d{1,6})/i, (most) => `The parameter limit is too large: pass ${most} or less.`],
  [
    /'from_field' does not match an available sender/i,
    () =>
      'The parameter from_field is not an address that this person may send from. Take the address of this person among the to_fields of the conversation’s messages (list_all_missive_conversation_messages).',
  ],
  [
    /'organization' is required when '(\w{1,40})' is defined/i,
    (name) =>
      `The parameter organization is required with ${name}: take it from the conversation (get_single_missive_conversation_by_id) or from list_all_missive_organizations.`,
  ],
  [
    /text, markdown or attachments needed/i,
    () =>
      'A post needs one of the parameters text, markdown, cards and attachment_urls; a notification alone is not enough.',
  ],
  [
    /unpermitted parameters?: ?(\w{1,40})/i,
    (name) => `Missive does not take the parameter ${name} in this call: leave it out, and call again with the rest.`,
  ],
  [
    /invalid resource id/i,
    () =>
      'The parameter id names nothing that Missive knows, or nothing of this kind: list the items again and take the id from there.',
  ],
  [
    /account with id .* does not exist/i,
    () =>
      'The parameter account is not an account that this person can use: its id is in Missive under Settings, API, Resource IDs.',
  ],
];

/** Characters of an unknown text that are quoted. */
const MAX_QUOTED_LENGTH = 200;

/**
 * @param body response body, parsed if it was JSON
 * @returns one sentence for the model; an unknown text is quoted and attributed to Missive
 */
export function refusalSentence(status: number, body: unknown): string {
  const parsed = ErrorBody.safeParse(body);
  const text = parsed.success ? parsed.data : typeof body === 'string' ? body : '';
  for (const [pattern, sentence] of KNOWN) {
    const match = pattern.exec(text);
    if (match !== null) return sentence(match[1] ?? '');
  }
  const quoted = text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    // What Missive says ends where its quotation marks end.
    .replace(/[“”„‟«»″]/g, '"')
    .trim()
    .slice(0, MAX_QUOTED_LENGTH);
  const said = quoted === '' ? '' : ` Missive says: “${quoted}”.`;
  if (status === 403) return `Missive does not allow this person to do that.${said}`;
  if (status === 404) return `Missive does not know one of these ids, or this person cannot see it.${said}`;
  return `Missive refused the request (${status}).${said}`;
}
