import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Alert } from '../../../domain/alerts';

/** Appends what it reads, and then does what the files beside it say: to fail, or to hold on to an alert of one run. */
const program = `#!/bin/sh
line=$(cat)
test -e "$1/fails" && { echo "nobody is on duty" >&2; exit 3; }
printf '%s\\n' "$line" >> "$1/told"
case "$line" in *'"key":"run/held/'*) while test -e "$1/holds"; do sleep 0.1; done ;; esac
`;

/** The two who are told of alerts: a program, and a server that listens for a webhook. */
export class Listeners {
  /** What the server got, in order. */
  readonly posted: Alert[] = [];
  /** What the server answers. */
  answer = 204;

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Listeners> {
    const folder = mkdtempSync(path.join(tmpdir(), 'runctl-listeners-'));
    writeFileSync(path.join(folder, 'notify'), program);
    chmodSync(path.join(folder, 'notify'), 0o755);
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        // Others on this machine try every port, such as a script that looks for the metadata service of an instance.
        if (request.url !== '/alerts') return response.writeHead(404).end();
        listeners.posted.push(JSON.parse(body) as Alert);
        return response.writeHead(listeners.answer).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const listeners = new Listeners(folder, server);
    return listeners;
  }

  /** The keys of `[alerts]` that name the two. */
  get settings(): string {
    const { port } = this.server.address() as AddressInfo; // it listens on TCP
    const command = [path.join(this.folder, 'notify'), this.folder];
    return [
      `command = ${JSON.stringify(command)}`,
      `webhook = "http://127.0.0.1:${port}/alerts"`,
    ].join('\n');
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
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
