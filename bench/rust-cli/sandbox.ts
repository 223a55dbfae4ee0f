import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

/** Set inside the sandbox: the folder of this comparison. */
const folderVariable = 'RUNCTL_COMPARE_FOLDER';

/** The address of the metadata service, to which a forwarder is bound inside. */
export const metadataAddress = '169.254.169.254';

/** The folder that this process works in, inside the sandbox; null outside. */
export const sandboxFolder = (): string | null => process.env[folderVariable] ?? null;

// Loopback alone, with the metadata service's own address; a /home of our own, in which only the user's folder is theirs.
const prepare = `
set -e
ip link set lo up
ip address add ${metadataAddress}/32 dev lo
mount --rbind /home "$1/home"
mount -t tmpfs tmpfs /home
for each in "$1"/home/*; do
  if [ "$each" = "$1/home/$2" ]; then mkdir "/home/$2"; mount --rbind "$each" "/home/$2"; fi
done
mkdir -p /home/ec2-user
shift 2
exec "$@"
`;

/**
 * Runs this program again where the Rust CLI cannot do harm: it kills by a pattern over all processes that it sees, and
 * writes to /home/ec2-user. Inside there are processes, a network and a /home of its own; all of it goes with the last
 * process. Returns the exit code.
 */
export async function runInSandbox(script: string, args: readonly string[]): Promise<number> {
  for (const tool of ['unshare', 'ip', 'mount']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) {
      throw new Error(`There is no ${tool}: it comes with util-linux or iproute2.`);
    }
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'runctl-compare-'));
  mkdirSync(path.join(folder, 'home'));
  const [, top = '', user = ''] = homedir().split('/');
  const child = spawn(
    'unshare',
    [
      ...['--user', '--map-root-user', '--mount', '--pid', '--net', '--fork', '--mount-proc'],
      ...['--kill-child', 'sh', '-c', prepare, 'sandbox', folder, top === 'home' ? user : '-'],
      ...[process.execPath, '--import', 'tsx', script, ...args],
    ],
    { stdio: 'inherit', env: { ...process.env, [folderVariable]: folder } },
  );
  // With it goes all that runs inside.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => child.kill('SIGKILL'));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve(status ?? 1);
    });
  });
  rmSync(folder, { recursive: true, force: true });
  return code;
}
