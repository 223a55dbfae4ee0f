import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

import { FaultBook } from '../../local-cloud/faults';
import { createS3Service } from '../../local-cloud/s3/service';
import { waitForBlobs, type BlobCensus } from './s3-blobs';

export const CREDENTIALS = {
  accessKeyId: 'AKIALOCALCLOUD000001',
  secretAccessKey: 'local-cloud-secret/with+signs',
} as const;

export const BUCKET = 'training-bucket';

const ignore = () => undefined;

/** The SDK's advice about streams of unknown length is not what a test run should be full of. */
export const QUIET_LOGGER = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};

/** An S3 service on a free port of this process, with one bucket. */
export interface S3Server {
  readonly endpoint: string;
  readonly stateDir: string;
  readonly faults: FaultBook;
  /** A client of the real SDK; it ends with the server. */
  client(config?: S3ClientConfig): S3Client;
  waitForBlobs(isExpected: (census: BlobCensus) => boolean): Promise<void>;
  /** Stops it and starts it again on the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startS3Server(options: { region?: string } = {}): Promise<S3Server> {
  const stateDir = await mkdtemp(join(tmpdir(), 's3-test-'));
  const faults = new FaultBook();
  const clients: S3Client[] = [];
  const region = options.region ?? 'us-east-1';
  const listen = async (port: number): Promise<Server> => {
    const lookUp = (id: string) =>
      id === CREDENTIALS.accessKeyId ? { secretAccessKey: CREDENTIALS.secretAccessKey } : undefined;
    const service = createS3Service({ stateDir, region, faults, lookUp });
    await service.ensureBucket(BUCKET);
    const server = createServer((request, response) => void service.handle(request, response));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  };
  let server = await listen(0);
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    stateDir,
    faults,
    client: (config = {}) => {
      const client = new S3Client({
        endpoint,
        region,
        credentials: CREDENTIALS,
        maxAttempts: 1,
        logger: QUIET_LOGGER,
        ...config,
      });
      clients.push(client);
      return client;
    },
    waitForBlobs: (isExpected) => waitForBlobs(stateDir, isExpected),
    restart: async () => {
      await stop(server);
      server = await listen(port);
    },
    close: async () => {
      for (const client of clients) client.destroy();
      await stop(server);
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
