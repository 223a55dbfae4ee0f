import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { faultSchema } from './faults';
import { ProcessTable } from './machine/processes';
import { deliverCommand } from './ssm/agent-files';
import { expiresAtMs } from './ssm/invocation-status';
import { instanceCostUsd } from './world/bill';
import type { Lifecycle } from './world/lifecycle';
import type { InstanceRecord } from './world/records';
import type { World } from './world/world';

/** An answer of the admin API. */
export interface AdminReply {
  readonly statusCode: number;
  readonly body: object;
}

class AdminError extends Error {
  constructor(
    readonly statusCode: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The admin API of docs/local-cloud-protocol.md: what a person, or a test, does to this cloud from outside. */
export class Admin {
  constructor(
    private readonly world: World,
    private readonly lifecycle: Lifecycle,
  ) {}

  answer(request: IncomingMessage, body: Buffer): AdminReply {
    try {
      this.authorize(request);
      const path = (request.url ?? '').split('?')[0] ?? '';
      return { statusCode: 200, body: this.perform(request.method ?? 'GET', path, body) };
    } catch (error) {
      if (error instanceof AdminError) {
        const { code, message } = error;
        return { statusCode: error.statusCode, body: { error: { code, message } } };
      }
      throw error;
    }
  }

  private authorize(request: IncomingMessage): void {
    const expected = Buffer.from(`Bearer ${this.world.settings.root.secretAccessKey}`);
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length === expected.length && timingSafeEqual(given, expected)) return;
    throw new AdminError(
      401,
      'not-authorized',
      'The admin API wants `Authorization: Bearer SECRET`, with the secret access key of this cloud.',
    );
  }

  private perform(method: string, path: string, body: Buffer): object {
    const route = `${method} ${path.replace(/^\/_local/, '')}`;
    if (route === 'GET /status') return this.status();
    if (route === 'POST /faults') return this.addFault(body);
    if (route === 'DELETE /faults') {
      this.world.faults.clear();
      return {};
    }
    if (route === 'POST /terminate-all') return this.terminateAll();
    const [, instanceId = '', action = ''] =
      /^POST \/instances\/([^/]+)\/([a-z]+)$/.exec(route) ?? [];
    switch (action) {
      case 'interrupt':
        return this.interrupt(instanceId, body);
      case 'kill':
        this.lifecycle.kill(this.living(instanceId));
        return {};
      case 'reboot':
        this.lifecycle.reboot(this.living(instanceId));
        return {};
      case 'ssm':
        return this.silence(instanceId, body);
      default:
        throw new AdminError(404, 'no-such-request', `There is no ${method} ${path} here.`);
    }
  }

  private status(): object {
    this.lifecycle.look();
    const now = this.world.now();
    const table = new ProcessTable();
    return {
      instances: this.world.instances.all().map((instance) => ({
        instanceId: instance.instanceId,
        state: instance.state,
        instanceType: instance.instanceType,
        zone: instance.zone,
        purchase: instance.purchase,
        launchedAt: instance.launchedAt,
        processCount: this.lifecycle.machine(instance)?.processes(table).length ?? 0,
        costUsd: instanceCostUsd(instance, now),
        tags: instance.tags,
      })),
      spotRequests: this.world.spotRequests
        .all()
        .map(({ requestId, state, statusCode, instanceId }) => ({
          requestId,
          state,
          statusCode,
          instanceId,
        })),
      billUsd: this.world.billUsd(),
      faults: this.world.faults.list(),
    };
  }

  private addFault(body: Buffer): object {
    const fault = parseBody(body, faultSchema);
    this.world.faults.add(fault);
    return { fault };
  }

  private interrupt(instanceId: string, body: Buffer): object {
    const schema = z.object({ noticeSeconds: z.number().min(0).max(3600).default(120) });
    const { noticeSeconds } = parseBody(body, schema);
    const instance = this.living(instanceId);
    if (instance.purchase !== 'spot') {
      throw new AdminError(
        409,
        'not-spot',
        `${instanceId} is On-Demand: EC2 interrupts Spot only.`,
      );
    }
    if (instance.interruption !== null) {
      throw new AdminError(409, 'interrupted-already', `${instanceId} has its notice already.`);
    }
    this.lifecycle.notice(instance, noticeSeconds);
    return {};
  }

  private silence(instanceId: string, body: Buffer): object {
    const { silent } = parseBody(body, z.object({ silent: z.boolean() }));
    const instance = this.living(instanceId);
    if (silent === (instance.ssmSilentSince !== null)) return {};
    const now = this.world.now();
    this.world.updateInstance(instanceId, { ssmSilentSince: silent ? now.toISOString() : null });
    if (!silent) this.deliverHeldBack(instance, now);
    return {};
  }

  /** What was sent while the agent could not hear. */
  private deliverHeldBack(instance: InstanceRecord, now: Date): void {
    for (const command of this.world.commands.all()) {
      const isOpen =
        command.instanceIds.includes(instance.instanceId) && +now < expiresAtMs(command);
      if (isOpen) deliverCommand(this.world.machineFolder(instance.instanceId), command);
    }
    this.lifecycle.machine(instance)?.wakeAgent();
  }

  private terminateAll(): object {
    const ended = this.world.instances.all().filter(isUp);
    for (const instance of ended) this.lifecycle.end(instance, 'user', 'terminated');
    return { instanceIds: ended.map(({ instanceId }) => instanceId) };
  }

  private living(instanceId: string): InstanceRecord {
    this.lifecycle.look();
    const instance = this.world.instances.get(instanceId);
    if (instance === undefined) {
      throw new AdminError(404, 'no-such-instance', `There is no instance ${instanceId}.`);
    }
    if (isUp(instance)) return instance;
    throw new AdminError(409, 'not-running', `${instanceId} is ${instance.state}.`);
  }
}

function isUp({ state }: InstanceRecord): boolean {
  return state === 'pending' || state === 'running';
}

function parseBody<T>(body: Buffer, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8'));
  } catch {
    throw new AdminError(400, 'not-json', 'The body is not JSON.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AdminError(400, 'not-valid', z.prettifyError(parsed.error));
}
