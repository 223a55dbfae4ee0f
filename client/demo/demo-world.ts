import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configuredTemporal } from '../../temporal/connect';
import { createNamespace, deleteNamespace } from '../../temporal/namespaces';
import { startEnvironment, type RunningEnvironment } from '../environment/start-environment';
import { LocalCloudAdmin } from '../local-cloud/admin-client';
import { inPackage } from '../package-root';
import { TrainingClient } from '../training-client';

/** A world of the demo's own: its folder, its ports, its namespace. Any number of them live side by side. */
export interface DemoWorld {
  readonly folder: string;
  readonly script: string;
  readonly webUiUrl: string | null;
  readonly running: RunningEnvironment;
  readonly admin: LocalCloudAdmin;
  readonly client: TrainingClient;
  /** Ends everything and removes the folder. */
  readonly destroy: () => Promise<void>;
}

/** Starts the world; when a part does not start, nothing stays behind. */
export async function createDemoWorld(
  outerEnvironment: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<DemoWorld> {
  // Without links in it, so that it is spelled as the process table spells it.
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'runctl-demo-')));
  const namespace = path.basename(folder).toLowerCase();
  const configured = configuredTemporal(outerEnvironment);
  const environment = demoVariables(outerEnvironment, configured === null ? null : namespace);
  const undo: (() => Promise<void>)[] = [
    () => {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  ];
  const destroy = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    if (configured !== null) {
      await createNamespace(configured, namespace);
      undo.push(() => deleteNamespace(configured, namespace));
    }
    cpSync(inPackage('examples', 'char-lm'), path.join(folder, 'char-lm'), { recursive: true });
    const running = await startEnvironment({
      folder,
      cloud: 'local',
      settings: {},
      environment,
      startsWorker: true,
      temporal: { namespace, usesStockPorts: false },
      say,
    });
    undo.push(running.stop);
    const client = await TrainingClient.connect({ folder, environment });
    undo.push(() => client.close());
    const { awsEndpointUrl, secretAccessKey, webUiUrl } = running.upFile;
    const admin = new LocalCloudAdmin(awsEndpointUrl ?? '', secretAccessKey ?? '');
    const script = path.join(folder, 'char-lm', 'train.py');
    return { folder, script, webUiUrl, running, admin, client, destroy };
  } catch (error) {
    await destroy();
    throw error;
  }
}

/** The user's own settings are about their work, not about the demo. */
function demoVariables(
  environment: NodeJS.ProcessEnv,
  namespace: string | null,
): NodeJS.ProcessEnv {
  const isOurs = (name: string): boolean => !/^(RUNCTL_|AWS_)/.test(name);
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => isOurs(name))),
    ...(namespace === null ? {} : { TEMPORAL_NAMESPACE: namespace }),
  };
}
