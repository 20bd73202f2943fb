/** Says where a conversation was looked for. */

import { showNames } from '../../../mail/mailbox-name.ts';
import type { Thread } from '../../../mail/thread/thread.ts';
import type { AnswerExtras } from './thread-answer.ts';

const MAX_NAMES = 10;

export function searchedText({ searched, notSearched, missing }: Thread): AnswerExtras {
  const [only = ''] = searched;
  return {
    searched:
      searched.length === 1
        ? only
        : `${notSearched.length === 0 ? 'all ' : ''}${searched.length} folders but Trash and Junk`,
    ...(notSearched.length > 0 && { not_searched: showNames(notSearched, { start: 0, count: MAX_NAMES }).join(', ') }),
    ...(missing > 0 && { warning: `The mail server did not return ${missing} of the messages that it has found.` }),
  };
}
