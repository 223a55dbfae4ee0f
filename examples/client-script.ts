// Trains examples/char-lm from a script of your own instead of the command line:
//
//   npx runctl up --detach
//   npx tsx examples/client-script.ts
//
// In a project that installs runctl, the import is `from 'runctl'`.
import path from 'node:path';
import { Failure, TrainingClient } from '../client';

async function main(): Promise<void> {
  const client = await TrainingClient.connect();
  try {
    const run = await client.train({
      script: path.join(__dirname, 'char-lm', 'train.py'),
      scriptArgs: ['--steps', '200', '--checkpoint-every', '50'],
      instanceTypes: ['g5.xlarge', 'g6.xlarge'],
      fallback: 'on-demand',
    });
    console.log(`started ${run.runId} ${run.webUiUrl ?? ''}`);

    const end = await client.wait(run.runId);
    console.log(`${end.state} after ${end.attempts.length} attempts, $${end.costUsd.toFixed(4)}`);
    console.log(`newest checkpoint: step ${end.checkpoint?.step ?? 'none'}`);
    process.exitCode = end.state === 'completed' ? 0 : 1;
  } finally {
    await client.close();
  }
}

main().catch((error: unknown) => {
  if (error instanceof Failure) console.error(`${error.code}: ${error.message}\n${error.next}`);
  else console.error(error);
  process.exitCode = 1;
});
