import { randomUUID } from 'node:crypto';
import { endContainers, type ContainersEnd } from '../machine/containers';
import { Machine } from '../machine/machine';
import { ProcessTable } from '../machine/processes';
import type { InstanceRecord } from './records';
import { closeSpotRequest, setSpotStatus } from './spot-status';
import { stateReason, type EndingCause } from './state-reasons';
import type { World } from './world';

// EC2 keeps showing a terminated instance for about an hour.
const TERMINATED_VISIBLE_MS = 3_600_000;
// Init gives programs 2 s after SIGTERM; what lives after this time is killed from outside.
const SHUTDOWN_LIMIT_MS = 4_000;
// The agent registers a while after the instance runs: minutes on AWS, here a part of the boot time.
const AGENT_SHARE_OF_BOOT = 0.25;
const AGENT_LONGEST_MS = 1_000;

// A start fails when another program took the metadata port while the server was down: it is tried until it is free.
const START_AGAIN_MS = 1_000;

/** What an instance needs from the server that runs it. */
export interface MachineSupport {
  readonly runsUserData: boolean;
  /** Opens the metadata service (on the same port as before, where there was one) and returns its port. */
  openMetadata(instance: InstanceRecord): Promise<number>;
  closeMetadata(instanceId: string): void;
  environment(instance: InstanceRecord, metadataPort: number): Readonly<Record<string, string>>;
}

/** Drives every instance from one state to the next, as time passes and processes end. */
export class Lifecycle {
  private readonly machines = new Map<string, Machine>();
  private readonly starting = new Set<string>();
  /** Boots whose containers are being ended, or have been. */
  private readonly containerEnds = new Map<string, 'asked' | 'done'>();

  constructor(
    private readonly world: World,
    private readonly support: MachineSupport,
  ) {}

  /** Looks once at every instance. Cheap; called a few times a second and before every answer that tells states. */
  look(): void {
    const now = this.world.now();
    for (const instance of this.world.instances.all()) this.step(instance, now);
  }

  /** The machine of an instance's present boot, or undefined when it is powered off. */
  machine(instance: InstanceRecord): Machine | undefined {
    const { boot, instanceId } = instance;
    if (boot === null) return undefined;
    const known = this.machines.get(boot.bootId);
    if (known !== undefined) return known;
    const folder = this.world.machineFolder(instanceId);
    const machine = new Machine(folder, boot.bootId);
    this.machines.set(boot.bootId, machine);
    return machine;
  }

  /** Begins the end of an instance: terminated in the end, or stopped. */
  end(instance: InstanceRecord, cause: EndingCause, target: 'terminated' | 'stopped'): void {
    const now = this.world.now();
    const open = instance.billed.at(-1);
    this.world.updateInstance(instance.instanceId, {
      state: target === 'terminated' ? 'shutting-down' : 'stopping',
      stateReason: stateReason(cause, instance.purchase === 'spot', now),
      endingAt: now.toISOString(),
      ssmOnlineAt: null,
      billed:
        open?.to === null
          ? [...instance.billed.slice(0, -1), { ...open, to: now.toISOString() }]
          : instance.billed,
    });
    if (target === 'terminated') closeSpotRequest(this.world, instance.spotRequestId, cause);
    if (cause !== 'sudden-death') this.machine(instance)?.askToShutDown();
  }

  /** Takes an instance away without a word: what a failed host looks like, or Spot capacity taken without notice. */
  kill(instance: InstanceRecord): void {
    this.end(instance, 'sudden-death', 'terminated');
    this.machine(instance)?.pullPlug();
    // At once, as everything of a machine dies; those that were just being made follow at the end.
    void endContainers(this.world.machineFolder(instance.instanceId), 'killed');
  }

  /** A Spot interruption notice: seen by the instance's metadata and by its Spot request at once. */
  notice(instance: InstanceRecord, noticeSeconds: number): void {
    const now = this.world.now();
    this.world.updateInstance(instance.instanceId, {
      interruption: {
        noticedAt: now.toISOString(),
        endsAt: new Date(+now + noticeSeconds * 1000).toISOString(),
      },
    });
    setSpotStatus(this.world, instance.spotRequestId, {
      state: 'active',
      statusCode: 'instance-terminated-no-capacity',
    });
    this.look();
  }

  /** Asks the operating system to reboot; EC2 goes on saying running. */
  reboot(instance: InstanceRecord): void {
    this.machine(instance)?.askToReboot();
  }

  /** Gives the instance a new boot; the machine itself is started by the next look. */
  boot(instance: InstanceRecord): InstanceRecord {
    if (instance.boot !== null) this.forget(instance.boot.bootId);
    return this.world.updateInstance(instance.instanceId, {
      boot: { bootId: randomUUID(), startedAt: this.world.now().toISOString() },
      ssmOnlineAt: null,
    });
  }

  private step(instance: InstanceRecord, now: Date): void {
    switch (instance.state) {
      case 'pending':
        if (isInterrupted(instance, now)) this.end(instance, 'spot-interruption', 'terminated');
        else if (this.ensureStarted(instance)) this.finishBoot(instance, now);
        return;
      case 'running':
        if (isInterrupted(instance, now)) this.end(instance, 'spot-interruption', 'terminated');
        else if (this.ensureStarted(instance) && instance.ssmOnlineAt === null) {
          this.world.updateInstance(instance.instanceId, { ssmOnlineAt: this.agentTime(now) });
        }
        return;
      case 'shutting-down':
      case 'stopping':
        this.finishEnd(instance, now);
        return;
      case 'stopped':
        return;
      case 'terminated':
        if (+now - Date.parse(instance.terminatedAt ?? '') > TERMINATED_VISIBLE_MS) {
          this.world.retire(instance);
        }
    }
  }

  /** Returns true when the machine is on; starts it when it was not, and ends the instance when it went off by itself. */
  private ensureStarted(instance: InstanceRecord): boolean {
    const { boot, instanceId } = instance;
    const machine = this.machine(instance);
    if (boot === null || machine === undefined) {
      this.boot(instance);
      return false;
    }
    if (this.starting.has(boot.bootId)) {
      const power = machine.power();
      if (power.kind === 'off') this.wentOff(instance, power.cause);
      return power.kind === 'on' && instance.metadataPort !== null;
    }
    this.starting.add(boot.bootId);
    void this.start(instance, machine).catch((error: unknown) => {
      process.stderr.write(`Instance ${instanceId} cannot start yet: ${String(error)}\n`);
      setTimeout(() => this.starting.delete(boot.bootId), START_AGAIN_MS).unref();
    });
    return false;
  }

  private async start(instance: InstanceRecord, machine: Machine): Promise<void> {
    const port = await this.support.openMetadata(instance);
    const present = this.world.updateInstance(instance.instanceId, { metadataPort: port });
    if (present.boot?.bootId !== instance.boot?.bootId) return;
    if (present.state !== 'pending' && present.state !== 'running') return;
    if (machine.power().kind !== 'starting') return; // It outlived an earlier server.
    const userData = this.support.runsUserData ? present.userData : null;
    machine.start(this.support.environment(present, port), userData);
  }

  private finishBoot(instance: InstanceRecord, now: Date): void {
    const started = Date.parse(instance.boot?.startedAt ?? instance.launchedAt);
    if (+now - started < instance.bootSeconds * 1000) return;
    this.world.updateInstance(instance.instanceId, {
      state: 'running',
      ssmOnlineAt: this.agentTime(now, instance.bootSeconds),
      billed: [...instance.billed, { from: now.toISOString(), to: null }],
    });
  }

  private agentTime(now: Date, bootSeconds = this.world.bootSeconds): string {
    const delay = Math.min(AGENT_LONGEST_MS, bootSeconds * 1000 * AGENT_SHARE_OF_BOOT);
    return new Date(+now + delay).toISOString();
  }

  /** The machine went off although nobody asked EC2 for it. */
  private wentOff(instance: InstanceRecord, cause: string): void {
    if (cause === 'reboot') {
      if (this.hasNoContainers(instance, 'killed')) this.boot(instance);
    } else if (cause === 'power-off') {
      const stops = instance.shutdownBehavior === 'stop' && instance.purchase !== 'spot';
      this.end(instance, 'instance', stops ? 'stopped' : 'terminated');
    } else {
      this.end(instance, 'sudden-death', 'terminated');
    }
  }

  private finishEnd(instance: InstanceRecord, now: Date): void {
    const machine = this.machine(instance);
    if (machine !== undefined) {
      const isOn = machine.power().kind === 'on';
      const isLate = +now - Date.parse(instance.endingAt ?? '') > SHUTDOWN_LIMIT_MS;
      if (isOn && !isLate) return;
      const table = new ProcessTable();
      if (machine.processes(table).length > 0) {
        machine.killLeftovers(table);
        return; // Looked at again by the next step: the end is when nothing is left.
      }
    }
    const isStop = instance.state === 'stopping';
    if (!this.hasNoContainers(instance, isStop ? 'killed' : 'removed')) return;
    this.support.closeMetadata(instance.instanceId);
    if (instance.boot !== null) this.forget(instance.boot.bootId);
    if (!isStop) this.world.deleteDisk(instance.instanceId);
    this.world.updateInstance(instance.instanceId, {
      state: isStop ? 'stopped' : 'terminated',
      boot: null,
      credentials: [],
      terminatedAt: isStop ? null : now.toISOString(),
    });
  }

  /** Asks once for the end of a boot's containers; true when it has come. */
  private hasNoContainers({ instanceId, boot }: InstanceRecord, end: ContainersEnd): boolean {
    if (boot === null) return true;
    const known = this.containerEnds.get(boot.bootId);
    if (known !== undefined) return known === 'done';
    const ended = endContainers(this.world.machineFolder(instanceId), end);
    this.containerEnds.set(boot.bootId, ended === null ? 'done' : 'asked');
    void ended?.then(() => this.containerEnds.set(boot.bootId, 'done'));
    return ended === null;
  }

  private forget(bootId: string): void {
    this.machines.delete(bootId);
    this.containerEnds.delete(bootId);
  }
}

function isInterrupted({ interruption }: InstanceRecord, now: Date): boolean {
  return interruption !== null && +now >= Date.parse(interruption.endsAt);
}
