import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Writing one byte into the fifo asks the machine's init to power off (p) or reboot (r).
const SHUTDOWN = `#!/bin/sh
# shutdown [-h|-H|-P|-r|--halt|--poweroff|--reboot] [now|+MINUTES]; without a time at once.
letter=p
minutes=0
for word in "$@"; do
  case "$word" in
    -r|--reboot) letter=r ;;
    -c) exit 0 ;;
    now) minutes=0 ;;
    +[0-9]*) minutes=\${word#+} ;;
  esac
done
if [ "$minutes" -gt 0 ]; then
  (sleep $((minutes * 60)); printf %s "$letter" >"$RUNCTL_LOCAL_WAKE") </dev/null >/dev/null 2>&1 &
else
  printf %s "$letter" >"$RUNCTL_LOCAL_WAKE"
fi
`;

const tools: Readonly<Record<string, string>> = {
  shutdown: SHUTDOWN,
  poweroff: `#!/bin/sh\nprintf p >"$RUNCTL_LOCAL_WAKE"\n`,
  halt: `#!/bin/sh\nprintf p >"$RUNCTL_LOCAL_WAKE"\n`,
  reboot: `#!/bin/sh\nprintf r >"$RUNCTL_LOCAL_WAKE"\n`,
};

/** Where the parts of an instance's folder are. */
export function machinePaths(folder: string) {
  return {
    home: join(folder, 'home'),
    runctlRoot: join(folder, 'var/lib/runctl'),
    tools: join(folder, 'bin'),
    bootIdFile: join(folder, 'boot_id'),
    wake: join(folder, 'wake'),
    machineFile: join(folder, 'machine.json'),
    endedFile: join(folder, 'ended.json'),
    log: join(folder, 'machine.log'),
    userData: join(folder, 'user-data'),
    inbox: join(folder, 'ssm/inbox'),
    cancel: join(folder, 'ssm/cancel'),
    state: join(folder, 'ssm/state'),
  } as const;
}

/** Makes the disk of a new instance; an existing one (stopped, rebooted) is left as it is. */
export function prepareMachineFolder(folder: string, userData: string | null): void {
  const paths = machinePaths(folder);
  for (const path of [
    paths.home,
    paths.runctlRoot,
    paths.tools,
    paths.inbox,
    paths.cancel,
    paths.state,
  ]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  for (const [name, text] of Object.entries(tools)) {
    writeFileSync(join(paths.tools, name), text, { mode: 0o755 });
  }
  if (userData !== null && !existsSync(paths.userData)) {
    writeFileSync(paths.userData, Buffer.from(userData, 'base64'), { mode: 0o600 });
  }
}
