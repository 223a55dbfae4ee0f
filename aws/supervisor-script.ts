import { randomBytes } from 'node:crypto';
import { bootstrapPython } from './bootstrap-python';

export type Verb =
  'start' | 'status' | 'processes' | 'save' | 'save-and-stop' | 'stop' | 'clean-up';

/** Where the instance gets its supervisor from. */
export interface SupervisorDelivery {
  readonly url: string;
  readonly sha256: string;
}

/** A script for AWS-RunShellScript that asks the supervisor, and the nonce that marks its answer. */
export interface SupervisorScript {
  readonly nonce: string;
  readonly text: string;
}

/**
 * Finds a Python that is new enough and hands over to `launcher`. Written for any POSIX shell (Ubuntu's sh is dash).
 * Whatever happens it prints one line of JSON and exits 0: the agent gives exit codes meanings of their own, 194 reboots
 * the machine. SSM sets no HOME, and its PATH may lack the folders of `shutdown`; its own comes first all the same.
 *
 * All data travels as base64 of JSON, so nothing has to be quoted.
 */
const shell = (nonce: string, launcher: string, words: readonly string[]): string => `set -u
umask 077
HOME="\${HOME:-/root}"
PATH="\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME PATH
for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9 /opt/conda/bin/python3; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    "$python" -c 'import base64,sys; exec(base64.b64decode(sys.argv.pop(1)))' ${base64(launcher)} ${words.join(' ')}
    exit 0
  fi
done
printf '%s\\n' '{"nonce":"${nonce}","ok":false,"error":{"code":"no-python","message":"no Python 3.9 or newer"}}'
exit 0
`;

/** Asks the supervisor that is on the instance. */
export function askScript(verb: Verb, request: unknown): SupervisorScript {
  return script({ verb, request, delivery: null });
}

/** Puts the supervisor on the instance, if it is not there yet, and asks it. */
export function deliverScript(
  verb: Verb,
  request: unknown,
  delivery: SupervisorDelivery,
): SupervisorScript {
  return script({ verb, request, delivery });
}

function script(call: {
  readonly verb: Verb;
  readonly request: unknown;
  readonly delivery: SupervisorDelivery | null;
}): SupervisorScript {
  // Marks our own answer in whatever else a shell or a login message may print.
  const nonce = randomBytes(8).toString('hex');
  return {
    nonce,
    text: shell(nonce, bootstrapPython, [base64(JSON.stringify({ ...call, nonce }))]),
  };
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
