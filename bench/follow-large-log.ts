import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { objectKeys } from '../domain/ids';
import { writeScript } from '../test/e2e/support/scripts';
import { Stack } from '../test/e2e/support/stack';

/**
 * Measures what `monitor --follow` takes for a large log: puts it into the bucket, piece by piece as a supervisor would,
 * follows it to its end, counts its lines, and prints the most memory that the process had. Ends with 1 when a line is
 * missing.
 *
 *     npm run build && npx tsx bench/follow-large-log.ts [--mebibytes 1024]
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { mebibytes: { type: 'string', default: '1024' } } });
  const pieces = Math.ceil(Number(values.mebibytes) / pieceMebibytes);
  const stack = await Stack.start();
  try {
    const script = writeScript(stack, 'quiet', 'print("step 1/1")');
    const runId = await stack.train('large-log', { script, scriptArgs: [] });
    await stack.ended(runId);
    // Behind what the run itself has written: names are offsets, and only their order counts.
    for (let piece = 0; piece < pieces; piece += 1) await putPiece(stack, runId, piece);
    const { lineCount, peakMebibytes, seconds } = await follow(stack, runId);
    const megabytes = pieces * pieceMebibytes;
    const wanted = pieces * linesPerPiece + 1;
    console.log(
      `${megabytes} MiB, ${lineCount} of ${wanted} lines, ${seconds.toFixed(1)} s, at most ${peakMebibytes.toFixed(0)} MiB of memory`,
    );
    return lineCount === wanted ? 0 : 1;
  } finally {
    await stack.close();
  }
}

/** As large as the supervisor makes one. */
const pieceMebibytes = 4;
const line = `${'step 12345/99999 loss 1.2345, and what else a script prints'.padEnd(127, '.')}\n`;
const linesPerPiece = (pieceMebibytes * 1024 * 1024) / line.length;
const body = Buffer.from(line.repeat(linesPerPiece));

async function putPiece(stack: Stack, runId: string, piece: number): Promise<void> {
  const offset = 1_000_000 + piece * body.length;
  const key = `${objectKeys.logs(runId, 1)}${String(offset).padStart(12, '0')}.log`;
  await stack.client.cloud.ask(({ cloud }) =>
    cloud.clients.s3.send(
      new PutObjectCommand({ Bucket: cloud.settings.bucket, Key: key, Body: body }),
    ),
  );
}

interface Followed {
  readonly lineCount: number;
  readonly peakMebibytes: number;
  readonly seconds: number;
}

function follow(stack: Stack, runId: string): Promise<Followed> {
  const bin = path.resolve(__dirname, '../dist/client/main.js');
  const began = Date.now();
  const child = spawn(process.execPath, [bin, 'aws', 'monitor', runId, '--follow'], {
    cwd: stack.folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let lineCount = 0;
  let peakKibibytes = 0;
  const look = setInterval(() => {
    peakKibibytes = Math.max(peakKibibytes, peakOf(child.pid ?? 0));
  }, 100);
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    // The summary at the end speaks of steps too, but none of its lines begins so.
    lineCount += lines.filter((each) => each.startsWith('step ')).length;
  });
  return new Promise((resolve) => {
    child.once('close', () => {
      clearInterval(look);
      resolve({
        lineCount,
        peakMebibytes: peakKibibytes / 1024,
        seconds: (Date.now() - began) / 1_000,
      });
    });
  });
}

/** The most resident memory that the process had so far, in KiB; 0 when it has ended. */
function peakOf(pid: number): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(found?.[1] ?? 0);
  } catch {
    return 0;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
