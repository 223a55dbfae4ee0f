import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that is told of alerts, as somebody's chat would be. */
export class Webhook {
  /** What it got, in order. */
  readonly posts: { readonly headers: IncomingHttpHeaders; readonly body: unknown }[] = [];
  /** The status code of an answer. */
  answer: () => number = () => 204;
  /** As the setting `webhook` names it. */
  readonly url: string;

  private constructor(private readonly server: Server) {
    const { port } = server.address() as AddressInfo; // it listens on TCP
    this.url = `http://127.0.0.1:${port}${place}`;
  }

  static async start(): Promise<Webhook> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const webhook = new Webhook(server);
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        // Others on this machine try every port, such as a script that looks for the metadata service of an instance.
        if (request.url !== place) return response.writeHead(404).end();
        webhook.posts.push({ headers: request.headers, body: JSON.parse(body) });
        return response.writeHead(webhook.answer()).end();
      });
    });
    return webhook;
  }

  close(): void {
    this.server.close();
  }
}

const place = '/alerts';
