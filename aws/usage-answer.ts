import { z } from 'zod';

const bytes = z.number();
const known = z.number().nullable();

/** What the supervisor answers to `processes`: {@link MachineUsage}. */
export const usageSchema = z.object({
  at: z.string(),
  runId: z.string().nullable(),
  attemptNumber: z.number().nullable(),
  state: z.string().nullable(),
  cpu: z.object({ count: z.number(), percent: z.number(), load: z.array(z.number()) }),
  memory: z.object({ totalBytes: bytes, usedBytes: bytes, swapUsedBytes: bytes }),
  disks: z.array(
    z.object({ path: z.string(), totalBytes: bytes, usedBytes: bytes, freeBytes: bytes }),
  ),
  gpus: z.array(
    z.object({
      index: z.number(),
      name: z.string(),
      percent: known,
      memoryUsedBytes: known,
      memoryTotalBytes: known,
      celsius: known,
      watts: known,
    }),
  ),
  processes: z.array(
    z.object({
      pid: z.number(),
      role: z.enum(['trainer', 'supervisor', 'child']),
      cpuPercent: z.number(),
      memoryBytes: bytes,
      ageSeconds: z.number(),
      command: z.string(),
      state: z.string().optional(),
      threads: z.number().optional(),
    }),
  ),
  processCount: z.number(),
});
