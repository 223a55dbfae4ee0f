import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { Failure } from '../domain/failure';
import { limits } from './limits';

/** How to reach a Temporal server, and who said so. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  /** For messages: `TEMPORAL_ADDRESS`, `the Temporal profile "prod"`, `.runctl/up.json`. */
  readonly source: string;
  /** TLS, API key and headers of a profile. */
  readonly options: ClientConnectConfig['connectionOptions'];
}

/**
 * The server that the environment or a Temporal profile names, as the stock `temporal` CLI would use it; null when
 * neither names an address. Reads `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE`, `TEMPORAL_API_KEY`,
 * `TEMPORAL_TLS*` and `temporal.toml`.
 *
 * @throws invalid-input  The profile cannot be read.
 */
export function configuredTemporal(environment: NodeJS.ProcessEnv): TemporalTarget | null {
  const variables = Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  try {
    const config = loadClientConnectConfig({ overrideEnvVars: variables });
    const { address } = config.connectionOptions;
    if (address === undefined || address === '') return null;
    return {
      address,
      namespace: config.namespace ?? 'default',
      source: describeSource(environment),
      options: config.connectionOptions,
    };
  } catch (error) {
    throw new Failure('invalid-input', 'the Temporal profile cannot be used.', {
      why: error instanceof Error ? error.message : String(error),
      next: 'Correct temporal.toml, or set TEMPORAL_ADDRESS.',
      cause: error,
    });
  }
}

function describeSource(environment: NodeJS.ProcessEnv): string {
  if ((environment['TEMPORAL_ADDRESS'] ?? '') !== '') return 'TEMPORAL_ADDRESS';
  return `the Temporal profile "${environment['TEMPORAL_PROFILE'] ?? 'default'}"`;
}

/**
 * Connects a client; the caller closes `client.connection`.
 *
 * @throws temporal-unreachable
 */
export async function connectClient(target: TemporalTarget): Promise<Client> {
  try {
    const connection = await Connection.connect(connectionOptions(target, limits.connectSeconds));
    return new Client({ connection, namespace: target.namespace });
  } catch (error) {
    throw new Failure(
      'temporal-unreachable',
      `no Temporal server answers at ${target.address} (${target.source}).`,
      {
        why: error instanceof Error ? error.message : String(error),
        next: 'Start one with `runctl up`, or correct TEMPORAL_ADDRESS. `runctl doctor` looks further.',
        cause: error,
      },
    );
  }
}

/**
 * Whether a server at this address answers now and has the namespace: another server that took the port in the same
 * moment does not have ours.
 */
export async function answers(target: TemporalTarget): Promise<boolean> {
  try {
    const connection = await Connection.connect(connectionOptions(target, 1));
    try {
      await connection.workflowService.describeNamespace({ namespace: target.namespace });
    } finally {
      await connection.close();
    }
    return true;
  } catch {
    // That it does not answer is the result here, not an error.
    return false;
  }
}

function connectionOptions(target: TemporalTarget, timeoutSeconds: number): ConnectionOptions {
  return {
    // A worker's options are a client's but for `proxy`, which envconfig never sets.
    ...(target.options as ConnectionOptions),
    address: target.address,
    connectTimeout: timeoutSeconds * 1_000,
  };
}
