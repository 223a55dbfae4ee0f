import path from 'node:path';
import type { Command } from 'commander';
import { settingsFileVariable } from '../../settings/load-settings';
import { Console, type OutputFormat } from '../output/console';

/** What every command is given beside its own arguments. */
export interface CommandContext {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What stands behind `--`: the arguments of the user's script. */
  readonly scriptArgs: readonly string[];
  /** The exit code, when it is not 0. */
  readonly setExitCode: (code: number) => void;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly output: OutputFormat;
  readonly cloud?: string;
  readonly debug?: boolean;
  readonly config?: string;
  readonly verbose?: boolean;
}

/** What a command's function works with: its own and the global options, and where it writes. */
export interface Invocation<Options> {
  readonly context: CommandContext;
  readonly options: Options & GlobalOptions;
  readonly console: Console;
}

/** Wraps a command's function for commander; it returns the exit code, or nothing for 0. */
export function action<Options>(
  context: CommandContext,
  run: (invocation: Invocation<Options>, ...args: never[]) => Promise<number | undefined>,
): (...args: unknown[]) => Promise<void> {
  return async (...all) => {
    // commander calls with the arguments, the command's own options, and the command.
    const command = all.at(-1) as Command;
    // Texts, or lists of them: what each command has declared to commander just before.
    const args = all.slice(0, -2) as never[];
    const options = command.optsWithGlobals<Options & GlobalOptions>();
    const console = new Console(options.output);
    const code = await run({ context: withConfig(context, options), options, console }, ...args);
    if (code !== undefined) context.setExitCode(code);
  };
}

/** `--config` as the variable that also the processes understand which a command starts. */
function withConfig(context: CommandContext, { config }: GlobalOptions): CommandContext {
  if (config === undefined) return context;
  const file = path.resolve(context.folder, config);
  return { ...context, environment: { ...context.environment, [settingsFileVariable]: file } };
}
