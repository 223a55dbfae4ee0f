import { z } from 'zod';
import type { Checkpoint } from '../domain/checkpoint';
import type { MachineUsage } from '../domain/machine-usage';
import type { SupervisorReport } from '../domain/supervisor-report';
import { usageSchema } from './usage-answer';

/** What the supervisor printed, or what came instead of it. */
export type SupervisorAnswer =
  | { readonly kind: 'answered'; readonly reply: SupervisorReply }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** Cut, mixed up, or not there. */
  | { readonly kind: 'garbled'; readonly message: string };

/** The fields of all verbs; which of them are there depends on the verb (docs/supervisor-protocol.md). */
export interface SupervisorReply {
  readonly report?: SupervisorReport | null | undefined;
  readonly checkpoint?: Checkpoint | null | undefined;
  readonly removed?: readonly string[] | undefined;
  readonly started?: unknown;
  readonly alreadyRunning?: z.infer<typeof alreadyRunning> | undefined;
  readonly usage?: MachineUsage | undefined;
}

const instant = z.string();
const processIdentity = z.object({ pid: z.number(), startTime: z.string(), bootId: z.string() });
const alreadyRunning = z.object({
  pid: z.number(),
  runId: z.string(),
  attemptNumber: z.number(),
  since: instant,
});

export const checkpointSchema = z.object({
  step: z.number(),
  attemptNumber: z.number(),
  prefix: z.string(),
  publishedAt: instant,
});

const progress = z.object({
  step: z.number(),
  totalSteps: z.number().nullable(),
  loss: z.number().nullable(),
  stepsPerSecond: z.number().nullable(),
  at: instant,
});

const result = z.object({
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  stopCause: z.enum([
    'own-accord',
    'interruption',
    'stop',
    'force-stop',
    'lease-expired',
    'hung',
    'hung-after-completion',
  ]),
  hasMarker: z.boolean(),
  // A supervisor that was delivered by an earlier worker does not say these.
  hasLogMatch: z.boolean().default(false),
  isOutOfMemory: z.boolean(),
  quietSeconds: z.number().nullable().default(null),
  knownFailure: z.object({ reason: z.string(), isRetried: z.boolean() }).nullable().default(null),
  endedAt: instant,
  lastLogLines: z.string(),
});

const report = z.object({
  version: z.literal(1),
  runId: z.string(),
  attemptNumber: z.number(),
  state: z.enum(['preparing', 'training', 'saving', 'ended', 'gone']),
  startedAt: instant.optional(),
  supervisor: processIdentity,
  trainer: processIdentity.nullable(),
  progress: progress.nullable(),
  // A supervisor of an earlier version does not tell them.
  losses: z.array(z.tuple([z.number(), z.number()])).default([]),
  firstStep: z.number().nullable(),
  checkpoint: checkpointSchema.nullable(),
  notice: z.object({ action: z.string(), time: instant, seenAt: instant }).nullable(),
  leaseExpiresAt: instant,
  result: result.nullable(),
  preparationFailure: z.object({ code: z.string(), message: z.string() }).nullable(),
  warnings: z.array(z.string()),
});

const answer = z.union([
  z.object({
    nonce: z.string(),
    ok: z.literal(false),
    error: z.object({ code: z.string(), message: z.string() }),
  }),
  z.object({
    nonce: z.string(),
    ok: z.literal(true),
    report: report.nullable().optional(),
    checkpoint: checkpointSchema.nullable().optional(),
    removed: z.array(z.string()).optional(),
    started: z.unknown().optional(),
    alreadyRunning: alreadyRunning.optional(),
    usage: usageSchema.optional(),
  }),
]);

/** Finds the line with our nonce in the output of a command and reads it. */
export function readAnswer(output: string, nonce: string): SupervisorAnswer {
  const line = output
    .split('\n')
    .find((each) => each.includes(nonce) && each.trim().startsWith('{'));
  if (line === undefined) return garbled(output, 'no line carries our nonce');
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    return garbled(line, 'the line is cut');
  }
  const read = answer.safeParse(document);
  if (!read.success) return garbled(line, z.prettifyError(read.error));
  if (read.data.nonce !== nonce) return garbled(line, 'the nonce is another');
  return read.data.ok
    ? { kind: 'answered', reply: read.data }
    : { kind: 'refused', ...read.data.error };
}

const garbled = (text: string, why: string): SupervisorAnswer => ({
  kind: 'garbled',
  message: `The supervisor's answer cannot be read (${why}): ${text.slice(0, 200) || 'nothing came'}`,
});
