import { z } from 'zod';
import type { CheckpointManifest, LatestPointer } from '../domain/checkpoint';
import { checkpointSchema } from './supervisor-answer';

const manifest = z.object({
  version: z.literal(1),
  runId: z.string(),
  attemptNumber: z.number(),
  step: z.number(),
  publishedAt: z.string(),
  name: z.string(),
  kind: z.enum(['file', 'folder']),
  files: z.array(z.object({ path: z.string(), sizeBytes: z.number(), sha256: z.string() })),
});

const latest = z.object({
  version: z.literal(1),
  runId: z.string(),
  fence: z.number(),
  checkpoint: checkpointSchema.nullable(),
});

/** Null when the text is no manifest: such a checkpoint does not exist. */
export const readManifest = (text: string): CheckpointManifest | null => parse(manifest, text);

/** Null when the text is no pointer. */
export const readLatest = (text: string): LatestPointer | null => parse(latest, text);

function parse<Value>(schema: z.ZodType<Value>, text: string): Value | null {
  try {
    const read = schema.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    // No JSON at all.
    return null;
  }
}
