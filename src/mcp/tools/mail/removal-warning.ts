/** For results of moving and deleting, when a server without UIDPLUS could only mark the message. */
export const NOT_REMOVED =
  'The mail server cannot remove a single message, and others in the folder are marked as deleted too. So this one is still there, marked as deleted, and goes when the folder is next expunged. Removing it now would have removed the others.';
