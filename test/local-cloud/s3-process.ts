import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { FaultBook } from '../../local-cloud/faults';
import { createS3Service } from '../../local-cloud/s3/service';

// An S3 service as a process of its own, to be killed: `s3-process.ts STATE_DIR KEY_ID SECRET BUCKET`.
const [stateDir = '', accessKeyId = '', secretAccessKey = '', bucket = ''] = process.argv.slice(2);
const service = createS3Service({
  stateDir,
  region: 'us-east-1',
  faults: new FaultBook(),
  lookUp: (id) => (id === accessKeyId ? { secretAccessKey } : undefined),
});
const server = createServer((request, response) => void service.handle(request, response));
void service.ensureBucket(bucket).then(() => {
  server.listen(0, '127.0.0.1', () => {
    console.log((server.address() as AddressInfo).port); // it listens on TCP
  });
});
