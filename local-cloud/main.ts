import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { startLocalCloud } from './server';

interface Arguments {
  readonly stateDir: string;
  readonly port: number;
  readonly bootSeconds: number;
  readonly region: string;
  readonly terminateOnExit: boolean;
  readonly userData: boolean;
}

const program = new Command('local-cloud')
  .description('EC2, SSM, S3 and instance metadata on this machine, spoken over the wire.')
  .requiredOption('--state-dir <folder>', 'where the world is kept; made when it is not there')
  .option(
    '--port <number>',
    '0: the port of the last time, or a free one',
    numberFrom(0, 65_535),
    0,
  )
  .option('--boot-seconds <seconds>', 'how long an instance is pending', numberFrom(0, 3600), 1)
  .option('--region <name>', 'the region of a new world', 'us-east-1')
  .option('--no-user-data', 'run no user data: for clients whose scripts this machine must not run')
  .option('--terminate-on-exit', 'terminate all instances at SIGTERM', false)
  .action(serve);

function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== '' && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`expected a number from ${least} to ${most}, got "${text}".`);
  };
}

async function serve(given: Arguments): Promise<void> {
  const { userData: runsUserData, ...options } = given;
  const stateDir = resolve(given.stateDir);
  const cloud = await startLocalCloud({ ...options, stateDir, runsUserData });
  process.stdout.write(`${JSON.stringify(cloud.facts)}\n`);
  const stop = (): void => {
    void cloud.close({ terminatesInstances: given.terminateOnExit }).then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

program.parseAsync().catch((error: unknown) => {
  const isPortTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const said = error instanceof Error ? error.message : String(error);
  const advice = isPortTaken
    ? '\n  next  Stop what uses the port, or choose another with --port.'
    : '';
  process.stderr.write(`local-cloud: cannot start: ${said}${advice}\n`);
  process.exit(1);
});
