import { execFile } from 'node:child_process';
import { Context } from '@temporalio/activity';
import type { Alert } from '../domain/alerts';
import { Failure } from '../domain/failure';
import { isObject } from '../domain/json-reader';
import { clip } from '../domain/text';
import type { AlertDelivery } from './contract';
import type { ActivityDependencies, AlertSettings } from './dependencies';
import { activityLimits } from './limits';

type Channel = 'log' | 'command' | 'webhook';

/** @see ControlActivities.deliverAlert */
export async function deliverAlert(
  { alerts, cloud }: Pick<ActivityDependencies, 'alerts' | 'cloud'>,
  alert: Alert,
): Promise<AlertDelivery> {
  const context = Context.current();
  const done = readDone(context.info.heartbeatDetails);
  const { region, bucket } = cloud.settings;
  const document = { ...alert, region, bucket };
  const problems: string[] = [];
  for (const [channel, tell] of channelsOf(alerts, document)) {
    if (done.includes(channel)) continue;
    try {
      await tell();
      done.push(channel);
    } catch (error) {
      problems.push(`${channel}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length === 0) return { channels: done };
  // Comes back with the next try, which does not tell again what has been told.
  context.heartbeat({ done });
  throw new Failure('alert-not-delivered', `The alert ${alert.key} was not delivered.`, {
    why: problems.join('; '),
  });
}

function channelsOf(
  { command, webhook }: AlertSettings,
  document: Alert & { readonly region: string },
): ReadonlyMap<Channel, () => Promise<void> | void> {
  const { key, code, runId, message, value, limit } = document;
  const channels = new Map<Channel, () => Promise<void> | void>();
  channels.set('log', () => {
    Context.current().log.warn('Alert', { key, code, runId, message, value, limit });
  });
  if (command !== null) channels.set('command', () => runCommand(command, document));
  if (webhook !== null) channels.set('webhook', () => post(webhook, document));
  return channels;
}

/** No shell: what an alert says cannot become a command. */
function runCommand(command: readonly string[], document: object): Promise<void> {
  const [program = '', ...args] = command;
  const { commandMs: timeout, commandOutputBytes: maxBuffer } = activityLimits.alert;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout, maxBuffer }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(clip(`${error.message.trim()} ${stderr.trim()}`.trim(), 500)));
    });
    // A program that does not read its input is none the worse for it.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${JSON.stringify(document)}\n`);
  });
}

async function post(url: string, document: Alert): Promise<void> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': document.key },
    body: JSON.stringify(document),
    signal: AbortSignal.timeout(activityLimits.alert.webhookMs),
  }).catch((error: unknown) => {
    // fetch says "fetch failed"; what failed is its cause. The address may hold a secret, so it is not told.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw cause instanceof Error ? cause : new Error(String(cause));
  });
  await reply.body?.cancel();
  if (!reply.ok) throw new Error(`the address answered HTTP ${reply.status}`);
}

function readDone(details: unknown): Channel[] {
  const done: unknown = isObject(details) ? details['done'] : null;
  const channels: readonly Channel[] = ['log', 'command', 'webhook'];
  return Array.isArray(done) ? channels.filter((channel) => done.includes(channel)) : [];
}
