import { createServer } from 'node:net';
import { Failure } from '../../domain/failure';

/** A port of the loopback interface that nobody holds at this moment; somebody may take it before it is used. */
export async function findFreePort(): Promise<number> {
  const port = await tryToBind(0);
  if (port === null) throw new Failure('port-taken', 'No free port on 127.0.0.1.');
  return port;
}

async function isPortFree(port: number): Promise<boolean> {
  return (await tryToBind(port)) !== null;
}

/** The preferred port when it is free, else any free one. */
export async function preferPort(preferred: number): Promise<number> {
  return (await isPortFree(preferred)) ? preferred : findFreePort();
}

/**
 * Says whether a port that the user asked for can be used.
 *
 * @throws port-taken
 */
export async function requireFreePort(port: number, flag: string): Promise<void> {
  if (await isPortFree(port)) return;
  throw new Failure('port-taken', `port ${port} on 127.0.0.1 is in use.`, {
    why: `${flag} asked for it, and another process listens there.`,
    next: `End that process (\`ss -ltnp | grep :${port}\` names it), or leave ${flag} out to use a free port.`,
  });
}

function tryToBind(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(null);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  });
}
