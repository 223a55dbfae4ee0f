import { CloudAccess } from '../cloud-access';
import { resolveEnvironment, type Environment } from '../environment/environment';
import type { Invocation } from './command-context';

/** For a command that needs the cloud only: no Temporal server has to be there. */
export async function withCloud<Result>(
  { context, options, console }: Invocation<object>,
  run: (cloud: CloudAccess, environment: Environment) => Promise<Result>,
): Promise<Result> {
  const environment = resolveEnvironment({ ...context, flags: { cloud: options.cloud } });
  const cloud = new CloudAccess(environment);
  try {
    for (const warning of environment.warnings) console.say(`warning: ${warning}`);
    console.say(`Cloud: ${environment.cloudDescription}`);
    return await run(cloud, environment);
  } finally {
    await cloud.close();
  }
}
