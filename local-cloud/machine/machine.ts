import { spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { machinePaths, prepareMachineFolder } from './folder';
import { findPython } from './python';
import { BOOT_VARIABLE, isAlive, type ProcessIdentity, type ProcessTable } from './processes';

/** Why a machine went off: as its guard wrote it, or `killed` when nobody was left to write. */
export type PowerOffCause = 'power-off' | 'reboot' | 'asked' | 'killed' | 'init-failed';

export type MachinePower =
  | { readonly kind: 'starting' }
  | { readonly kind: 'on' }
  | { readonly kind: 'off'; readonly cause: PowerOffCause };

interface MachineFile {
  readonly bootId: string;
  readonly guard: ProcessIdentity;
  readonly init: ProcessIdentity;
}

// Python starts in a few hundredths of a second; on a machine under load it may take a hundred times as long.
const START_LIMIT_MS = 20_000;

/** One instance's process tree. It lives on when this process ends, and is found again by its folder and boot id. */
export class Machine {
  private readonly paths: ReturnType<typeof machinePaths>;
  private known: MachineFile | null = null;
  private startedAtMs: number | null = null;

  constructor(
    private readonly folder: string,
    private readonly bootId: string,
  ) {
    this.paths = machinePaths(folder);
  }

  /** Powers the machine on; does nothing when it is on already. */
  start(environment: Readonly<Record<string, string>>, userData: string | null): void {
    this.startedAtMs = Date.now();
    prepareMachineFolder(this.folder, userData);
    rmSync(this.paths.endedFile, { force: true });
    rmSync(this.paths.machineFile, { force: true });
    writeFileSync(this.paths.bootIdFile, `${this.bootId}\n`);
    const log = openSync(this.paths.log, 'a', 0o600);
    const child = spawn(
      findPython(),
      // No user site, no environment, no byte code: nothing of the host's Python setup gets in.
      ['-E', '-s', '-S', '-B', join(__dirname, '../instance/guard.py'), this.folder],
      {
        cwd: this.folder,
        detached: true,
        stdio: ['ignore', log, log],
        env: {
          ...environment,
          HOME: this.paths.home,
          PATH: `${this.paths.tools}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
          LANG: 'C.UTF-8',
          RUNCTL_ROOT: this.paths.runctlRoot,
          RUNCTL_BOOT_ID_FILE: this.paths.bootIdFile,
          RUNCTL_LOCAL_WAKE: this.paths.wake,
          [BOOT_VARIABLE]: this.bootId,
        },
      },
    );
    closeSync(log);
    child.on('error', (error) => {
      writeFileSync(this.paths.log, `${error.message}\n`, { flag: 'a' });
    });
    child.unref();
  }

  power(): MachinePower {
    const machine = this.read();
    if (machine === null) {
      const isLate = this.startedAtMs !== null && Date.now() - this.startedAtMs > START_LIMIT_MS;
      return isLate ? { kind: 'off', cause: 'init-failed' } : { kind: 'starting' };
    }
    if (isAlive(machine.guard)) return { kind: 'on' };
    return { kind: 'off', cause: this.readCause() };
  }

  /** Asks init for an orderly shutdown: SIGTERM to everything, SIGKILL after a short grace. */
  askToShutDown(): void {
    this.writeToInit('e');
  }

  /** Asks init to go down and come up again under a new boot id. */
  askToReboot(): void {
    this.writeToInit('r');
  }

  /** Tells the agent to look at its inbox. */
  wakeAgent(): void {
    this.writeToInit('w');
  }

  /** Pulls the plug: init dies without a word, and its guard ends the rest. */
  pullPlug(): void {
    const machine = this.read();
    if (machine !== null) kill(machine.init);
  }

  processes(table: ProcessTable): readonly ProcessIdentity[] {
    const machine = this.read();
    return table.ofBoot(this.bootId, machine === null ? [] : [machine.guard, machine.init]);
  }

  /** SIGKILL to whatever is left. */
  killLeftovers(table: ProcessTable): void {
    for (const process of this.processes(table)) kill(process);
  }

  private writeToInit(letter: string): void {
    try {
      const fifo = openSync(this.paths.wake, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(fifo, letter);
      closeSync(fifo);
    } catch {
      // No reader yet: init looks at its inbox when it comes up. No reader any more: the machine is off.
    }
  }

  private read(): MachineFile | null {
    if (this.known !== null) return this.known;
    // Written by the guard; one of an earlier boot says nothing about this one.
    const machine = readJson(this.paths.machineFile) as MachineFile | null;
    if (machine?.bootId === this.bootId) this.known = machine;
    return this.known;
  }

  private readCause(): PowerOffCause {
    // Written by the guard as its last act.
    const ended = readJson(this.paths.endedFile) as {
      bootId: string;
      cause: PowerOffCause;
    } | null;
    return ended?.bootId === this.bootId ? ended.cause : 'killed';
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null; // Not there yet; these files are replaced as a whole, so never half-written.
  }
}

function kill(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    // It ended in between.
  }
}
