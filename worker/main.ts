import { Client } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createInstanceGuard } from '../activities';
import { connectCloud } from '../aws/connect-cloud';
import { packSupervisor } from '../aws/supervisor-package';
import { exitCodeOf, exitCodes } from '../domain/exit-codes';
import { Failure } from '../domain/failure';
import { failureText } from '../domain/failure-text';
import { workerReadyLine } from '../domain/ids';
import { registerSearchAttributes } from '../temporal/search-attributes';
import { ensureAccountSchedule, lookAtAccount } from './account-schedule';
import { checkCloud } from './check-cloud';
import { connectWorker } from './connect';
import { createWorkers } from './create-workers';
import { isRunOpen } from './open-runs';
import { ensureReapSchedule } from './reap-schedule';
import { readWorkerSettings } from './settings';

/** Reads the configuration, wires, and runs until SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const settings = readWorkerSettings(process.cwd(), process.env);
  for (const warning of settings.warnings) process.stderr.write(`warning: ${warning}\n`);
  for (const note of settings.notes) process.stderr.write(`note: ${note}\n`);
  Runtime.install({ logger: new DefaultLogger('INFO') });
  const { address, namespace } = settings.temporal;
  process.stdout.write(`Temporal ${address}, namespace ${namespace}\n`);
  const connection = await connectWorker(settings.temporal);
  const client = new Client({ connection, namespace });
  const cloud = connectCloud(settings.cloud);
  try {
    await registerSearchAttributes(connection.operatorService, namespace);
    await checkCloud(cloud);
    const workers = await createWorkers(connection, namespace, {
      cloud,
      supervisor: await packSupervisor(),
      isRunOpen: (runId) => isRunOpen(client, runId),
      pace: settings.pace,
      alerts: settings.alerts,
      guard: createInstanceGuard(settings.maxInstances),
      lookAtAccount: () => lookAtAccount(client),
    });
    await ensureReapSchedule(client);
    await ensureAccountSchedule(client);
    const running = workers.map((worker) => worker.run());
    process.stdout.write(`${workerReadyLine}\n`);
    await Promise.all(running);
  } finally {
    cloud.close();
    await connection.close();
  }
}

main().catch((error: unknown) => {
  const failure = error instanceof Failure ? error : null;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${failure === null ? text : failureText(failure)}\n`);
  process.exitCode = failure === null ? exitCodes.internal.value : exitCodeOf(failure.code);
});
