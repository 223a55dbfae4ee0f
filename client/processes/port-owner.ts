import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Whether a session, named by its leader, listens on a port of 127.0.0.1: the program itself, or what a wrapper started. That something answers there is no proof: of two programs
 * that pick one port at the same moment the loser may still be starting while the winner answers.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_net.5.html
 */
export function listensOn(sessionId: number, port: number): boolean {
  const sockets = listeningSockets(port);
  return sockets.length > 0 && processesOf(sessionId).some((pid) => holdsAny(pid, sockets));
}

function processesOf(sessionId: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // Behind the name, which may hold anything: state, parent, group, session.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) === sessionId;
    } catch {
      // It has ended since it was listed.
      return false;
    }
  });
}

function holdsAny(pid: string, sockets: readonly string[]): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((name) => sockets.includes(linkOf(`${folder}/${name}`)));
  } catch {
    // The process has ended, or is not ours to look at.
    return false;
  }
}

/** `socket:[12345]` of each listener on the port. */
function listeningSockets(port: number): string[] {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = '0A';
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local === address && state === listening)
    .map((fields) => `socket:[${fields[9] ?? ''}]`);
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    // Closed since it was listed.
    return '';
  }
}
