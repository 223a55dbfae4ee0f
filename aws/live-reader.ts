import type { AwsClients } from './clients';
import { findRunning } from './find-instances';
import type { InstanceView } from './instance-view';

/** What runctl runs in the account and region at a moment. */
export interface LiveInstances {
  /** When EC2 was asked. */
  readonly readAtMs: number;
  readonly instances: readonly InstanceView[];
}

/** Reads what runctl runs, for the limit of instances and the alerts; many that ask at the same time share one answer. */
export interface LiveReader {
  /** An answer that is not older than this; 0 asks EC2 now. */
  read(maxAgeMs: number): Promise<LiveInstances>;
}

export function createLiveReader(clients: AwsClients): LiveReader {
  let latest: { readonly readAtMs: number; readonly answer: Promise<LiveInstances> } | null = null;
  return {
    read: (maxAgeMs) => {
      const readAtMs = Date.now();
      if (latest !== null && readAtMs - latest.readAtMs <= maxAgeMs) return latest.answer;
      const answer = findRunning(clients).then((instances) => ({ readAtMs, instances }));
      const reading = { readAtMs, answer };
      latest = reading;
      answer.catch(() => {
        if (latest === reading) latest = null;
      });
      return answer;
    },
  };
}
