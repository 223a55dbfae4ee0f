import type { Stack } from './stack';
import { waitFor } from './wait-for';

/**
 * A script that tells in one line what it was given, of secrets only a hash, and then waits to be stopped. Values are read
 * from variables whose names begin with `V_`, secrets from `S_`.
 */
export const tellingScript = `#!/usr/bin/env python3
import hashlib, json, os, signal, sys
here = os.getcwd()
files = {}
for folder, _, names in os.walk(here):
    for name in names:
        path = os.path.join(folder, name)
        files[os.path.relpath(path, here)] = open(path, newline="", encoding="utf-8").read()
digest = lambda text: hashlib.sha256(text.encode()).hexdigest()
told = {
    "argv": sys.argv,
    "cwd": here,
    "checkpoints": os.environ["RUNCTL_CHECKPOINT_DIR"],
    "files": files,
    "environment": {name: value for name, value in os.environ.items() if name.startswith("V_")},
    "secrets": {name: digest(value) for name, value in os.environ.items() if name.startswith("S_")},
}
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("TOLD " + json.dumps(told), flush=True)
while True:
    signal.pause()
`;

/** What that script tells. */
export interface Told {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly checkpoints: string;
  readonly files: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Waits until the script of a run has told what it was given. */
export async function awaitTold(stack: Stack, runId: string): Promise<Told> {
  const reader = stack.client.logReader(runId, { attemptNumber: 1 });
  const lines: string[] = [];
  const onLines = (more: readonly string[]): void => {
    lines.push(...more);
  };
  const line = await waitFor(`what the script of ${runId} was given`, async () => {
    await reader.read(1, false, { onLines });
    return lines.find((each) => each.startsWith('TOLD '));
  });
  return JSON.parse(line.slice('TOLD '.length)) as Told; // the script above writes it
}
