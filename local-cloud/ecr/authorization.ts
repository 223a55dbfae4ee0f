import type { GetAuthorizationTokenResponse } from '@aws-sdk/client-ecr';
import type { EcrContext } from './context';
import { makeRegistryToken, TOKEN_LIFETIME_MS } from './token';

/** GetAuthorizationToken: a password for the registry, good for twelve hours. */
export function getAuthorizationToken({
  world,
  registryHost,
}: EcrContext): GetAuthorizationTokenResponse {
  const expiresAt = new Date(+world.now() + TOKEN_LIFETIME_MS);
  return {
    authorizationData: [
      {
        authorizationToken: makeRegistryToken(world.settings.root.secretAccessKey, +expiresAt),
        expiresAt,
        proxyEndpoint: `http://${registryHost}`,
      },
    ],
  };
}
