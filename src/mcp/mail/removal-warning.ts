/** For results of moving and deleting, when a server without UIDPLUS could only mark the message. */
export const NOT_REMOVED =
  'The message is still there, marked as deleted, and goes when the folder is next expunged: the mail server does not remove it alone, and others that are marked too would have gone with it.';
