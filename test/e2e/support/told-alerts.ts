import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Alert } from '../../../domain/alerts';
import { Webhook } from '../../support/webhook';

/** Appends what it reads, and then does what the files beside it say: to fail, or to hold on to an alert of one run. */
const program = `#!/bin/sh
line=$(cat)
test -e "$1/fails" && { echo "nobody is on duty" >&2; exit 3; }
printf '%s\\n' "$line" >> "$1/told"
case "$line" in *'"key":"run/held/'*) while test -e "$1/holds"; do sleep 0.1; done ;; esac
`;

/** The two who are told of alerts: a program, and a server that listens for a webhook. */
export class Listeners {
  private constructor(
    private readonly folder: string,
    readonly webhook: Webhook,
  ) {}

  static async start(): Promise<Listeners> {
    const folder = mkdtempSync(path.join(tmpdir(), 'runctl-listeners-'));
    writeFileSync(path.join(folder, 'notify'), program);
    chmodSync(path.join(folder, 'notify'), 0o755);
    return new Listeners(folder, await Webhook.start());
  }

  /** The keys of `[alerts]` that name the two. */
  get settings(): string {
    const command = [path.join(this.folder, 'notify'), this.folder];
    return [`command = ${JSON.stringify(command)}`, `webhook = "${this.webhook.url}"`].join('\n');
  }

  /** What the webhook got, in order. */
  get posted(): readonly Alert[] {
    return this.webhook.posts.map(({ body }) => body as Alert);
  }

  /** What the program got, in order. */
  get told(): readonly Alert[] {
    const file = path.join(this.folder, 'told');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Alert);
  }

  /** From now on the program fails, or keeps an alert of the run `held` to itself; false ends it. */
  set(mood: 'fails' | 'holds', isOn: boolean): void {
    const file = path.join(this.folder, mood);
    if (isOn) writeFileSync(file, '');
    else rmSync(file);
  }

  close(): void {
    this.webhook.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
