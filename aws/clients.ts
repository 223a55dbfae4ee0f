import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { PricingClient } from '@aws-sdk/client-pricing';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { connectionLimits, priceLimits } from './limits';
import { pricingRegion } from './on-demand-prices';

/** One client per service and way of repeating. */
export interface AwsClients {
  /** Reads and calls that are idempotent by nature; repeated by the SDK, which also slows down when throttled. */
  readonly ec2: EC2Client;
  /** Launches: never repeated by the SDK. Temporal repeats them, with the same token. */
  readonly ec2Launch: EC2Client;
  readonly ssm: SSMClient;
  /** SendCommand has no idempotency token, so it is never repeated by the SDK. */
  readonly ssmSend: SSMClient;
  readonly s3: S3Client;
  /** List prices; asked once, since there is a table to fall back on. */
  readonly pricing: PricingClient;
  readonly ecr: ECRClient;
}

const request = {
  connectionTimeout: connectionLimits.connectMs,
  requestTimeout: connectionLimits.requestMs,
  throwOnRequestTimeout: true,
};

/** Bodies may be large: a limit on silence, none on the whole transfer. */
const transfer = {
  connectionTimeout: connectionLimits.connectMs,
  socketTimeout: connectionLimits.idleMs,
};

const brief = {
  connectionTimeout: priceLimits.pricingMs,
  requestTimeout: priceLimits.pricingMs,
  throwOnRequestTimeout: true,
};

const repeated = { maxAttempts: connectionLimits.readTries, retryMode: 'adaptive' };
const once = { maxAttempts: 1 };

/** Makes the clients of one worker; share them, since adaptive retrying counts per client. */
export function createClients(region: string): AwsClients {
  return {
    ec2: new EC2Client({ region, ...repeated, requestHandler: request }),
    ec2Launch: new EC2Client({ region, ...once, requestHandler: request }),
    ssm: new SSMClient({ region, ...repeated, requestHandler: request }),
    ssmSend: new SSMClient({ region, ...once, requestHandler: request }),
    ecr: new ECRClient({ region, ...repeated, requestHandler: request }),
    s3: new S3Client({
      region,
      ...repeated,
      requestHandler: transfer,
      forcePathStyle: needsPathStyle(process.env),
    }),
    pricing: new PricingClient({ region: pricingRegion(region), ...once, requestHandler: brief }),
  };
}

/** Closes the sockets that a client keeps open. */
export function closeClients(clients: AwsClients): void {
  for (const client of Object.values(clients)) (client as { destroy(): void }).destroy();
}

/**
 * Whether buckets must be named in the path: any S3 that is not AWS's own is reached under one host name, which has no
 * subdomain per bucket.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function needsPathStyle(environment: NodeJS.ProcessEnv): boolean {
  const endpoint = environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'];
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  return !/(^|\.)amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}
