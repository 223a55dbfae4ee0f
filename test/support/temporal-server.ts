import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { promptServerArguments } from '../../client/temporal-server/start-server';
import { searchAttributes } from '../../workflows/search-attributes';

/** The `temporal` binary: on PATH, else in the cache where `runctl up` puts it. */
export function findTemporal(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const candidates = [...folders, join(cache, 'runctl', 'bin')].map((folder) =>
    join(folder, 'temporal'),
  );
  const found = candidates.find(isExecutable);
  if (found === undefined) {
    throw new Error('These tests need the `temporal` CLI: `npx runctl up` installs it once.');
  }
  return found;
}

/** A dev server of this test file's own, on a free port, in memory; `teardown()` ends it. */
export async function startTemporal(namespace = 'default'): Promise<TestWorkflowEnvironment> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'OFF' } },
  });
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: findTemporal() },
      namespace,
      extraArgs: [...searchAttributeArgs(), ...promptServerArguments, ...hastyChains],
    },
  });
}

/** A server lets a run that continues as new last for a second at least. Attempts of the labs end sooner. */
const hastyChains = ['--dynamic-config-value', 'history.workflowIdReuseMinimalInterval="1ms"'];

/** `--search-attribute RunctlPhase=Keyword …` for `temporal server start-dev`. */
const searchAttributeArgs = (): string[] =>
  Object.values(searchAttributes).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${type.charAt(0)}${type.slice(1).toLowerCase()}`,
  ]);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
