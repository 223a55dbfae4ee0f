import type { Command } from 'commander';
import { resolveEnvironment } from '../environment/environment';
import { action, type CommandContext, type Invocation } from './command-context';

export function addEnvCommand(program: Command, context: CommandContext): void {
  program
    .command('env')
    .description('print `export` lines that point stock clients here: eval "$(runctl env)"')
    .action(action(context, env));
}

const names = [
  'RUNCTL_CLOUD',
  'RUNCTL_BUCKET',
  'AWS_ENDPOINT_URL',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_REGION',
  // boto3 and version 1 of the AWS CLI know this name only.
  'AWS_DEFAULT_REGION',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
];

function env({ context, options, console }: Invocation<object>): Promise<undefined> {
  const environment = resolveEnvironment({ ...context, flags: { cloud: options.cloud } });
  const values: Record<string, string | undefined> = {
    ...environment.variables,
    RUNCTL_CLOUD: environment.cloud,
    RUNCTL_BUCKET: environment.settings.bucket,
    AWS_REGION: environment.settings.region,
    AWS_DEFAULT_REGION: environment.settings.region,
    TEMPORAL_ADDRESS: environment.temporal.address,
    TEMPORAL_NAMESPACE: environment.temporal.namespace,
  };
  const known = names.flatMap((name) => {
    const value = values[name] ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  // A profile or a session's token of the shell would lead the clients elsewhere.
  const foreign = Object.keys(context.environment).filter(
    (name) => name.startsWith('AWS_') && environment.variables[name] === undefined,
  );
  const lines = [
    ...foreign.map((name) => `unset ${name}`),
    ...known.map(([name, value]) => `export ${name}=${quoteForShell(value)}`),
  ];
  console.data(Object.fromEntries(known), lines.join('\n'));
  return Promise.resolve(undefined);
}

/** In single quotes nothing is special but the single quote itself. */
function quoteForShell(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
