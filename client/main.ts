#!/usr/bin/env node
import { CommanderError } from 'commander';
import { Failure } from '../domain/failure';
import { earlierAnswer } from './earlier-answer';
import { exitCodeOf, exitCodes } from '../domain/exit-codes';
import { Console } from './output/console';
import { asFailure } from './output/as-failure';
import { buildProgram } from './program';

async function main(argv: readonly string[]): Promise<void> {
  const { own, scriptArgs } = splitScriptArgs(argv);
  try {
    await buildProgram({
      folder: process.cwd(),
      environment: process.env,
      scriptArgs,
      setExitCode: (code) => {
        process.exitCode = code;
      },
    }).parseAsync(own, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, own);
  }
}

/** What stands behind the first `--` belongs to the user's script, not to us. */
function splitScriptArgs(argv: readonly string[]): { own: string[]; scriptArgs: string[] } {
  const separator = argv.indexOf('--');
  if (separator === -1) return { own: [...argv], scriptArgs: [] };
  return { own: argv.slice(0, separator), scriptArgs: argv.slice(separator + 1) };
}

function report(error: unknown, argv: readonly string[]): number {
  // --help and --version end parsing with an error whose exit code is 0; their text is out already.
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok.value;
  const failure = earlierAnswer(error, argv) ?? asFailure(error);
  const console = new Console(isJsonAsked(argv) ? 'json' : 'text');
  if (failure !== null) console.failure(failure);
  else console.failure(unexpected(error));
  const isAsked = ['--debug', '--verbose', '-v'].some((option) => argv.includes(option));
  if (isAsked && error instanceof Error) console.say(error.stack ?? '');
  return failure === null ? exitCodes.internal.value : exitCodeOf(failure.code);
}

function unexpected(error: unknown): Failure {
  return new Failure('internal-error', error instanceof Error ? error.message : String(error));
}

/** Looked up by hand, since parsing itself may be what failed. */
function isJsonAsked(argv: readonly string[]): boolean {
  return argv.includes('--output=json') || argv[argv.indexOf('--output') + 1] === 'json';
}

// Which Node the SDK will want next year is for whoever installs runctl, not for each command's output.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

// A reader that has seen enough (`runctl aws list | head -1`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok.value);
  throw error;
});

void main(process.argv.slice(2));
