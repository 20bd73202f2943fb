/** Phrases that the project's prose never uses, each with the plain words that replace it. */

export interface Phrase {
  pattern: RegExp;
  /** What to write instead. */
  instead: string;
}

export const PHRASES: readonly Phrase[] = [
  { pattern: /\bcall(?:s|ed|ing)? back\b/i, instead: 'revoked' },
  { pattern: /\bshut(?:s|ting)? out\b/i, instead: 'denied' },
  {
    pattern: /\b(?:take|takes|took|taken|taking)(?: it| them| one of them| everything| access)? back\b/i,
    instead: 'revoked, removed, withdrawn',
  },
  {
    pattern: /\bno ?body\b|\bsomebody\b|\banybody\b|\beverybody\b|\bwho(?:m)?ever\b/i,
    instead: 'the client, the caller, the account owner, the operator',
  },
  { pattern: /\bwhat comes of\b|\bwhatever comes\b/i, instead: 'the result' },
  { pattern: /\b(?:stand|stands|stood|standing) for\b/i, instead: 'represents' },
  { pattern: /\b(?:is|are|was|were) of (?!type\b|class\b|the form\b)/i, instead: 'belongs to' },
  { pattern: /\btold\b|\btells?\b|\btelling\b/i, instead: 'returned, reported, says; distinguish for "tell apart"' },
  { pattern: /\b(?:lend|lends|lent|lending)\b/i, instead: 'withConnection, withPart' },
  {
    pattern: /\bopens? (?:a|an|the|this|that|each|every|its) (?:\w+ )?(?:token|code|client_id)s?\b/i,
    instead: 'decrypts, verifies',
  },
  { pattern: /\btokens? that opens?\b/i, instead: 'a valid token' },
  { pattern: /\bno news\b|\bnews of\b|\bthe news\b|\bany news\b/i, instead: 'untagged responses' },
  {
    pattern:
      /(?:^|[.:;] |\/\*\* |\/\/ )Who (?:has|knows|gets|is|presents|registers|signs|passes|goes|would|leaves|sends|asks|looks|can|may)\b(?!.*\?)/,
    instead: 'A client that …',
  },
  { pattern: /\blogin (?:form|page)s?\b/i, instead: 'sign-in page' },
];
