import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/**
 * What runs can be searched and listed by. The server must know them before the first run starts: a workflow task that
 * sets an unknown one fails until it does.
 */
export const searchAttributes = {
  phase: defineSearchAttributeKey('RunctlPhase', SearchAttributeType.KEYWORD),
  instanceId: defineSearchAttributeKey('RunctlInstanceId', SearchAttributeType.KEYWORD),
  attempt: defineSearchAttributeKey('RunctlAttempt', SearchAttributeType.INT),
  purchase: defineSearchAttributeKey('RunctlPurchase', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('RunctlOutcome', SearchAttributeType.KEYWORD),
} as const;
