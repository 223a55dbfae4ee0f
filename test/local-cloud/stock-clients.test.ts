import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkOldLink } from '../../local-cloud/s3/presigned-v2';
import { startLocalCloud } from '../support/local-cloud';

const hasBoto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0;

(hasBoto3 ? test : test.skip)(
  'boto3 works against it, and is refused in its own words',
  async () => {
    const cloud = await startLocalCloud();
    const home = mkdtempSync(path.join(tmpdir(), 'stock-clients-'));
    try {
      const { instanceProfile, bucket } = cloud.facts;
      const script = path.join(__dirname, 'stock_clients.py');
      const seen = await run([script, instanceProfile, bucket], {
        PATH: process.env['PATH'],
        HOME: home,
        ...cloud.environment,
      });
      expect(seen).toEqual({
        account: '000000000000',
        found: 2,
        spotStates: ['active'],
        isCheaper: true,
        ec2Codes: ['InvalidInstanceID.NotFound', 'InvalidAction'],
        targets: 1,
        command: ['Failed', 3, 'hello\n'],
        ssmCode: 'UnknownOperationException',
        isInParts: true,
        links: [
          ['small', 'text/x'],
          ['small', 'text/x'],
        ],
        left: 0,
        s3Codes: ['NoSuchKey', 'NotImplemented'],
      });
    } finally {
      rmSync(home, { recursive: true, force: true });
      await cloud.close();
    }
  },
  120_000,
);

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<unknown> {
  const child = spawn('python3', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`The script ended with ${String(code)}.`));
    });
  });
}

describe('the documented link of the older signature', () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
  const url =
    '/johnsmith/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE' +
    '&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620';
  const secret = { secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const check = (link: string, at = 1_175_139_000): void => {
    const lookUp = (id: string) => (id === 'AKIAIOSFODNN7EXAMPLE' ? secret : undefined);
    checkOldLink({ method: 'GET', url: link, headers: {} }, lookUp, new Date(at * 1000));
  };

  test('is accepted until it expires', () => {
    expect(() => {
      check(url);
    }).not.toThrow();
    expect(() => {
      check(url, 1_175_139_621);
    }).toThrow('Request has expired');
  });

  test.each([
    ['for another object', url.replace('puppy', 'kitten'), 'SignatureDoesNotMatch'],
    ['with more time', url.replace('1175139620', '1275139620'), 'SignatureDoesNotMatch'],
    ['of another key', url.replace('AKIAIOSF', 'AKIAXXXX'), 'InvalidAccessKeyId'],
    ['with a header that was not signed', `${url}&x-amz-acl=private`, 'SignatureDoesNotMatch'],
    ['without a signature', url.replace('Signature', 'Nothing'), 'AccessDenied'],
  ])('%s is refused', (_what, link, code) => {
    expect(() => {
      check(link);
    }).toThrow(expect.objectContaining({ code }) as Error);
  });
});
