import { sep } from 'node:path';
import { z } from 'zod';
import { askEngine, findEngine } from './engine';

const listSchema = z.array(
  z.object({
    Id: z.string(),
    State: z.string(),
    Mounts: z.array(z.object({ Source: z.string().optional() })).default([]),
  }),
);

/** What becomes of a machine's containers: a reboot ends them, the end of its disk takes them away. */
export type ContainersEnd = 'killed' | 'removed';

/**
 * Ends the containers that programs of one machine have started: those into which something of the machine's folder is
 * mounted. They are children of this computer's engine, so no process tree leads to them.
 *
 * Returns null where there is no engine, and so no container. Never rejects: what failed is said on stderr.
 */
export function endContainers(folder: string, end: ContainersEnd): Promise<void> | null {
  const engine = findEngine(process.env);
  if (engine === null) return null;
  return endAll(folder, end).catch((error: unknown) => {
    process.stderr.write(`Containers of ${folder} may be left: ${String(error)}\n`);
  });

  async function endAll(machineFolder: string, wanted: ContainersEnd): Promise<void> {
    const listed = await ask('GET', '/containers/json?all=1');
    const containers = listSchema.parse(JSON.parse(listed.body));
    const isOurs = (source: string): boolean =>
      source === machineFolder || source.startsWith(machineFolder + sep);
    const ours = containers.filter(({ Mounts: mounts }) =>
      mounts.some(({ Source: source }) => source !== undefined && isOurs(source)),
    );
    for (const { Id: id, State: state } of ours) {
      if (wanted === 'removed') await ask('DELETE', `/containers/${id}?force=1&v=1`);
      else if (state === 'running') await ask('POST', `/containers/${id}/kill`);
    }
  }

  async function ask(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<{ body: string }> {
    const reply = await askEngine(engine ?? {}, method, path);
    // 404 and 409: somebody else was faster.
    if (reply.statusCode < 400 || reply.statusCode === 404 || reply.statusCode === 409)
      return reply;
    throw new Error(`${method} ${path}: ${reply.statusCode} ${reply.body.trim()}`);
  }
}
