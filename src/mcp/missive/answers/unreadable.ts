/** The error for an answer of Missive that is not what its documentation says. */
import { UpstreamError } from '../../../errors.ts';

export const unreadable = (): UpstreamError =>
  new UpstreamError(
    'Missive',
    'refused',
    'What Missive answered is not what its documentation says: nothing can be read from it.',
  );
