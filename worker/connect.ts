import { NativeConnection } from '@temporalio/worker';
import { Failure } from '../domain/failure';
import type { TemporalTarget } from '../temporal/connect';

/** @throws temporal-unreachable */
export async function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ ...target.options, address: target.address });
  } catch (error) {
    throw new Failure(
      'temporal-unreachable',
      `no Temporal server answers at ${target.address} (${target.source}).`,
      { why: error instanceof Error ? error.message : String(error), cause: error },
    );
  }
}
