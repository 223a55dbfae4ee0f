import { DescribeInstanceInformationCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { createBatcher } from './batcher';
import { readerLimits } from './limits';

/** Reads for all runs of a worker whether SSM agents have registered. */
export interface AgentReader {
  /**
   * Whether the agent has come online. It pings every five minutes only, so this tells that it came, never that it is
   * still there.
   */
  isOnline(instanceId: string): Promise<boolean>;
}

/** A page holds 50, and the filter takes 100 values. */
const maxPerCall = 50;

export function createAgentReader(ssm: SSMClient): AgentReader {
  const batcher = createBatcher<string, boolean>({
    windowMs: readerLimits.windowMs,
    maxBatchSize: maxPerCall,
    load: async (ids, settle) => {
      const reply = await ssm.send(
        new DescribeInstanceInformationCommand({
          Filters: [{ Key: 'InstanceIds', Values: [...ids] }],
          MaxResults: maxPerCall,
        }),
      );
      const online = new Set(
        (reply.InstanceInformationList ?? [])
          .filter((each) => each.PingStatus === 'Online')
          .map((each) => each.InstanceId),
      );
      for (const id of ids) settle(id, online.has(id));
    },
  });
  return { isOnline: (instanceId) => batcher.read(instanceId) };
}
