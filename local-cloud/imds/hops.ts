import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';

/**
 * How many hops away the process at the other end of a loopback connection is: 1 on the machine itself, 2 in a container.
 *
 * On EC2 a container on a bridge network is one hop further away. Here containers share the machine's network, so it is
 * told by the process: one of another pid namespace than this server's is in a container.
 */
export function hopsFrom({ remotePort, localPort }: Socket): 1 | 2 {
  const strangers = processesElsewhere();
  // Without any container on this machine there is nothing to look for.
  if (strangers.length === 0 || remotePort === undefined || localPort === undefined) return 1;
  const inode = socketInode(remotePort, localPort);
  return inode !== null && strangers.some((pid) => holdsSocket(pid, inode)) ? 2 : 1;
}

function processesElsewhere(): readonly string[] {
  const own = readLink('/proc/self/ns/pid');
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    const namespace = readLink(`/proc/${name}/ns/pid`);
    return namespace !== null && namespace !== own;
  });
}

// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
// https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
const INODE_FIELD = 9;

/** The socket that is connected from one port of loopback to another; containers of this network are in the same table. */
function socketInode(fromPort: number, toPort: number): string | null {
  const ends = [`0100007F:${hex(fromPort)}`, `0100007F:${hex(toPort)}`];
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === ends[0] && fields[2] === ends[1]) return fields[INODE_FIELD] ?? null;
  }
  return null;
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

function holdsSocket(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some(
      (name) => readLink(`${folder}/${name}`) === `socket:[${inode}]`,
    );
  } catch {
    return false; // It ended between the listing and the look, or is another user's.
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // As above.
  }
}
