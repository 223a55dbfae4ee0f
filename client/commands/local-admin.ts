import { Failure } from '../../domain/failure';
import { resolveEnvironment } from '../environment/environment';
import { LocalCloudAdmin } from '../local-cloud/admin-client';
import type { Invocation } from './command-context';

/**
 * The admin API of the local cloud that is meant here.
 *
 * @throws invalid-input  The cloud is a real one: nobody can take its capacity away by command.
 */
export function connectAdmin({ context, options, console }: Invocation<object>): LocalCloudAdmin {
  const environment = resolveEnvironment({
    ...context,
    flags: { cloud: options.cloud ?? 'local' },
  });
  const { AWS_ENDPOINT_URL: endpointUrl = '', AWS_SECRET_ACCESS_KEY: secret = '' } =
    environment.variables;
  if (environment.cloud !== 'local') {
    throw new Failure('invalid-input', '`runctl local` works on the local cloud only.');
  }
  console.say(`Cloud: local cloud at ${endpointUrl}`);
  return new LocalCloudAdmin(endpointUrl, secret);
}

/** Does one thing and says that it is done. */
export async function change(
  invocation: Invocation<object>,
  sentence: string,
  run: (admin: LocalCloudAdmin) => Promise<void>,
): Promise<undefined> {
  await run(connectAdmin(invocation));
  invocation.console.data({ done: sentence }, sentence);
}
