import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { faultSchema, FaultBook } from '../faults';
import { instanceCostUsd } from './bill';
import { Collection, writeAtomically } from './collection';
import { newRootCredentials, type RootCredentials } from './credentials';
import { newNetwork } from './network';
import type {
  CommandRecord,
  InstanceRecord,
  LaunchTokenRecord,
  NetworkRecord,
  ParameterRecord,
  SpotRequestRecord,
  TemplateRecord,
} from './records';

/** What is decided when a state folder is first used, and stays. */
export interface WorldSettings {
  readonly region: string;
  readonly accountId: string;
  readonly root: RootCredentials;
  readonly bucket: string;
  readonly instanceProfile: string;
  readonly network: NetworkRecord;
  /** 0 until the server has listened once. */
  readonly port: number;
}

// How long SSM keeps commands, and how long a client token is remembered here.
const HISTORY_MS = 30 * 24 * 3_600_000;

// A busy world sends a thousand commands a minute; readers ask for those of the last hour at most.
const COMMAND_LIMIT = 20_000;

/** Everything that this cloud knows. It is all on disk: the same folder opened again is the same world. */
export class World {
  readonly instances: Collection<InstanceRecord>;
  readonly spotRequests: Collection<SpotRequestRecord>;
  readonly launchTokens: Collection<LaunchTokenRecord>;
  readonly templates: Collection<TemplateRecord>;
  readonly commands: Collection<CommandRecord>;
  /** By the sha256 of their names, which may be longer than a file's name. */
  readonly parameters: Collection<ParameterRecord>;
  readonly faults: FaultBook;

  private constructor(
    readonly stateDir: string,
    private known: WorldSettings,
    /** How long an instance is pending when no fault slows it down. */
    readonly bootSeconds: number,
  ) {
    this.instances = new Collection(join(stateDir, 'ec2/instances'));
    this.spotRequests = new Collection(join(stateDir, 'ec2/spot-requests'));
    this.launchTokens = new Collection(join(stateDir, 'ec2/launch-tokens'));
    this.templates = new Collection(join(stateDir, 'ec2/templates'));
    this.commands = new Collection(join(stateDir, 'ssm/commands'));
    this.parameters = new Collection(join(stateDir, 'ssm/parameters'));
    this.dropOldHistory();
    const faultFile = join(stateDir, 'faults.json');
    const faults = existsSync(faultFile)
      ? faultSchema.array().parse(JSON.parse(readFileSync(faultFile, 'utf8')))
      : [];
    this.faults = new FaultBook(faults, (changed) => {
      writeAtomically(faultFile, JSON.stringify(changed));
    });
  }

  /** Opens the world in a folder, and makes a new one where there is none. */
  static open(stateDir: string, options: { region: string; bootSeconds: number }): World {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const file = join(stateDir, 'world.json');
    if (existsSync(file)) {
      // Written below and by nobody else.
      const settings = JSON.parse(readFileSync(file, 'utf8')) as WorldSettings;
      return new World(stateDir, settings, options.bootSeconds);
    }
    const settings: WorldSettings = {
      region: options.region,
      accountId: '000000000000',
      root: newRootCredentials(),
      bucket: `runctl-local-${options.region}`,
      instanceProfile: 'runctl-local-instance',
      network: newNetwork(options.region),
      port: 0,
    };
    writeAtomically(file, JSON.stringify(settings));
    return new World(stateDir, settings, options.bootSeconds);
  }

  private dropOldHistory(): void {
    const oldest = +this.now() - HISTORY_MS;
    for (const { commandId, requestedAt } of this.commands.all()) {
      if (Date.parse(requestedAt) < oldest) this.commands.remove(commandId);
    }
    for (const { key, usedAt } of this.launchTokens.all()) {
      if (Date.parse(usedAt) < oldest) this.launchTokens.remove(key);
    }
  }

  /** Keeps the newest commands; some more than the limit, so that this rarely has work to do. */
  dropOldCommands(): void {
    if (this.commands.size < 1.1 * COMMAND_LIMIT) return;
    const all = this.commands.all();
    const oldestFirst = [...all].sort((one, other) =>
      one.requestedAt < other.requestedAt ? -1 : 1,
    );
    for (const { commandId } of oldestFirst.slice(0, all.length - COMMAND_LIMIT)) {
      this.commands.remove(commandId);
    }
  }

  get settings(): WorldSettings {
    return this.known;
  }

  get region(): string {
    return this.known.region;
  }

  rememberPort(port: number): void {
    this.known = { ...this.known, port };
    writeAtomically(join(this.stateDir, 'world.json'), JSON.stringify(this.known));
  }

  now(): Date {
    return new Date();
  }

  /** Replaces fields of an instance, on disk before it returns. */
  updateInstance(instanceId: string, change: Partial<InstanceRecord>): InstanceRecord {
    const present = this.instances.get(instanceId);
    if (present === undefined) throw new Error(`No instance ${instanceId} to update.`);
    return this.instances.put(instanceId, { ...present, ...change });
  }

  /** What a root volume with DeleteOnTermination does when its instance is terminated; the machine's log stays. */
  deleteDisk(instanceId: string): void {
    for (const part of ['home', 'var']) {
      rmSync(join(this.machineFolder(instanceId), part), { recursive: true, force: true });
    }
  }

  /** Forgets a terminated instance; what it cost stays on the bill, its disk goes. */
  retire(instance: InstanceRecord): void {
    const retiredUsd = this.retiredUsd() + instanceCostUsd(instance, this.now());
    writeAtomically(join(this.stateDir, 'bill.json'), JSON.stringify({ retiredUsd }));
    this.instances.remove(instance.instanceId);
    if (instance.spotRequestId !== null) this.spotRequests.remove(instance.spotRequestId);
    rmSync(this.machineFolder(instance.instanceId), { recursive: true, force: true });
  }

  /** What all instances have cost, those long gone too. */
  billUsd(): number {
    const now = this.now();
    return this.instances
      .all()
      .reduce((sum, instance) => sum + instanceCostUsd(instance, now), this.retiredUsd());
  }

  private retiredUsd(): number {
    const file = join(this.stateDir, 'bill.json');
    if (!existsSync(file)) return 0;
    // Written above and by nobody else.
    return (JSON.parse(readFileSync(file, 'utf8')) as { retiredUsd: number }).retiredUsd;
  }

  machineFolder(instanceId: string): string {
    return join(this.stateDir, 'instances', instanceId);
  }
}
