import { TrainingClient } from '../training-client';
import type { Invocation } from './command-context';

/** Connects for one command, says which cloud it talks to, and closes in the end. */
export async function withClient<Result>(
  { context, options, console }: Invocation<object>,
  run: (client: TrainingClient) => Promise<Result>,
): Promise<Result> {
  const client = await TrainingClient.connect({
    ...context,
    settings: { cloud: options.cloud },
  });
  try {
    for (const warning of client.environment.warnings) console.say(`warning: ${warning}`);
    console.say(`Cloud: ${client.environment.cloudDescription}`);
    return await run(client);
  } finally {
    await client.close();
  }
}
