import { existsSync } from 'node:fs';
import { request, type RequestOptions } from 'node:http';

const DEFAULT_SOCKET = '/var/run/docker.sock';
// The engine answers within milliseconds; killing and removing take it a few seconds on a busy disk.
const ANSWER_LIMIT_MS = 30_000;

/** What names the container engine of this machine to programs; an instance's programs are told the same. */
export const engineVariables = ['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'] as const;

/** How to reach the engine; null when there is none, or one that this cloud cannot speak to. */
export function findEngine(environment: NodeJS.ProcessEnv): RequestOptions | null {
  const address = environment['DOCKER_HOST'] ?? `unix://${DEFAULT_SOCKET}`;
  if (!URL.canParse(address)) return null;
  const { protocol, pathname, hostname, port } = new URL(address);
  if (protocol === 'unix:') return existsSync(pathname) ? { socketPath: pathname } : null;
  return protocol === 'tcp:' ? { host: hostname, port: port === '' ? 2375 : port } : null;
}

/**
 * One request to the engine. @throws Error when it does not answer.
 *
 * @see https://docs.docker.com/reference/api/engine/
 */
export function askEngine(
  engine: RequestOptions,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
): Promise<{ readonly statusCode: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ ...engine, method, path, timeout: ANSWER_LIMIT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ statusCode: response.statusCode ?? 0, body });
      });
    });
    call.on('timeout', () => call.destroy(new Error('the container engine does not answer')));
    call.on('error', reject);
    call.end();
  });
}
