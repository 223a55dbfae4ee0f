import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '../../domain/failure';
import { connectClient } from '../../temporal/connect';
import { CloudAccess } from '../cloud-access';
import {
  resolveEnvironment,
  type Environment,
  type EnvironmentOptions,
} from '../environment/environment';
import { findInstalledServer } from '../temporal-server/find-server';

/** One thing that runctl needs, or could use. */
export interface Finding {
  readonly name: string;
  readonly state: 'good' | 'missing' | 'optional';
  /** What was found, or what its absence means. */
  readonly message: string;
  /** The command that mends it; null when nothing has to be. */
  readonly fix: string | null;
}

const good = (name: string, message: string): Finding => ({
  name,
  state: 'good',
  message,
  fix: null,
});

/** Looks at everything that a run needs, in the order in which one would set it up. Changes nothing. */
export async function examine(options: EnvironmentOptions): Promise<Finding[]> {
  const tools = await Promise.all([
    Promise.resolve(examineNode()),
    examineTool('python3', 'the local cloud and the supervisor need it', 'apt install python3'),
    examineGit(),
    examineServerProgram(options.environment),
  ]);
  return [...tools, ...(await examineEnvironment(options))];
}

function examineNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  if (isEnough) return good('node', process.version);
  const message = `${process.version}; 20.19 or newer is needed`;
  return { name: 'node', state: 'missing', message, fix: 'nvm install 22' };
}

async function examineTool(name: string, use: string, fix: string): Promise<Finding> {
  const version = await readVersion(name);
  if (version !== null) return good(name, version);
  return { name, state: 'missing', message: `not found; ${use}`, fix };
}

async function examineGit(): Promise<Finding> {
  const version = await readVersion('git');
  if (version !== null) return good('git', version);
  const message =
    'not found; the .gitignore of the project root alone decides which files are sent';
  return { name: 'git', state: 'optional', message, fix: 'apt install git' };
}

async function examineServerProgram(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const name = 'temporal';
  const program = await findInstalledServer(environment);
  if (program !== null) return good(name, `${program.version}, ${program.file}`);
  const hasGo = (await readVersion('go', 'version')) !== null;
  const how = hasGo ? 'downloads or builds it' : 'downloads it (without Go it cannot build it)';
  const message = `not installed; the first \`runctl up\` ${how}`;
  return { name, state: 'optional', message, fix: 'runctl up' };
}

async function readVersion(program: string, argument = '--version'): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, [argument], { timeout: 10_000 });
    return stdout.trim().split('\n')[0] ?? '';
  } catch {
    // Not there, or it does not run: the finding says so.
    return null;
  }
}

async function examineEnvironment(options: EnvironmentOptions): Promise<Finding[]> {
  let environment: Environment;
  try {
    environment = resolveEnvironment(options);
  } catch (error) {
    return [fromError('environment', error)];
  }
  return [
    good('cloud', environment.cloudDescription),
    ...[...environment.warnings, ...environment.notes].map((message): Finding => ({
      name: 'settings',
      state: 'optional',
      message,
      fix: null,
    })),
    await examineTemporal(environment),
    await examineBucket(environment),
    examineInstanceProfile(environment),
  ];
}

async function examineTemporal(environment: Environment): Promise<Finding> {
  const name = 'temporal server';
  try {
    const { temporal } = environment;
    const client = await connectClient(temporal);
    await client.connection.close();
    return good(name, `${temporal.address}, namespace ${temporal.namespace} (${temporal.source})`);
  } catch (error) {
    return fromError(name, error);
  }
}

async function examineBucket(environment: Environment): Promise<Finding> {
  const access = new CloudAccess(environment);
  try {
    await access.checkBucket();
    return good('bucket', environment.settings.bucket ?? '');
  } catch (error) {
    return fromError('bucket', error);
  } finally {
    await access.close();
  }
}

function examineInstanceProfile({ settings }: Environment): Finding {
  const name = 'instance profile';
  if (settings.instance_profile !== undefined) return good(name, settings.instance_profile);
  return {
    name,
    state: 'missing',
    message: 'not set; instances could reach neither SSM nor the bucket',
    fix: 'write instance_profile = "…" into .runctl.toml; docs/iam has its policy',
  };
}

function fromError(name: string, error: unknown): Finding {
  if (!(error instanceof Failure)) throw error;
  const message = error.why === '' ? error.message : `${error.message} ${error.why}`;
  return { name, state: 'missing', message, fix: error.next };
}
