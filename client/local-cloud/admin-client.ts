import { z } from 'zod';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';

const statusSchema = z.object({
  instances: z.array(
    z.object({
      instanceId: z.string(),
      state: z.string(),
      instanceType: z.string(),
      zone: z.string(),
      purchase: z.string(),
      processCount: z.number(),
      costUsd: z.number(),
      tags: z.record(z.string(), z.string()),
    }),
  ),
  spotRequests: z.array(
    z.object({
      requestId: z.string(),
      state: z.string(),
      statusCode: z.string().nullish(),
      instanceId: z.string().nullish(),
    }),
  ),
  billUsd: z.number(),
  faults: z.array(z.unknown()),
});

export type LocalCloudStatus = z.infer<typeof statusSchema>;

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The admin API of a local cloud: what stands in for the outside world that takes capacity away. */
export class LocalCloudAdmin {
  constructor(
    private readonly endpointUrl: string,
    private readonly secretAccessKey: string,
  ) {}

  async status(): Promise<LocalCloudStatus> {
    return statusSchema.parse(await this.request('GET', 'status'));
  }

  /** Gives a Spot notice now and ends the instance after the seconds; 0 ends it at once, without a notice. */
  async interrupt(instanceId: string, noticeSeconds: number): Promise<void> {
    await this.request('POST', `instances/${instanceId}/interrupt`, { noticeSeconds });
  }

  /** Ends the instance without any notice. */
  async kill(instanceId: string): Promise<void> {
    await this.request('POST', `instances/${instanceId}/kill`, {});
  }

  async reboot(instanceId: string): Promise<void> {
    await this.request('POST', `instances/${instanceId}/reboot`, {});
  }

  /** Makes SSM fall silent while EC2 says running, or answer again. */
  async setSsmSilent(instanceId: string, silent: boolean): Promise<void> {
    await this.request('POST', `instances/${instanceId}/ssm`, { silent });
  }

  async addFault(fault: Readonly<Record<string, unknown>>): Promise<void> {
    await this.request('POST', 'faults', fault);
  }

  async removeFaults(): Promise<void> {
    await this.request('DELETE', 'faults');
  }

  async terminateAll(): Promise<void> {
    await this.request('POST', 'terminate-all', {});
  }

  private async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const reply = await this.send(method, path, body);
    const text = await reply.text();
    if (reply.ok) return text === '' ? null : JSON.parse(text);
    throw this.refused(reply.status, text);
  }

  private async send(method: string, path: string, body: unknown): Promise<Response> {
    try {
      return await fetch(new URL(`/_local/${path}`, this.endpointUrl), {
        method,
        headers: {
          authorization: `Bearer ${this.secretAccessKey}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(limits.localCloudRequestSeconds * 1_000),
      });
    } catch (error) {
      throw new Failure(
        'local-cloud-unreachable',
        `the local cloud at ${this.endpointUrl} does not answer.`,
        { why: error instanceof Error ? error.message : String(error), cause: error },
      );
    }
  }

  private refused(status: number, text: string): Failure {
    const parsed = errorSchema.safeParse(parseJson(text));
    const message = parsed.success ? parsed.data.error.message : text;
    if (status === 404) {
      return new Failure('run-not-found', message, {
        next: '`runctl local status` shows the instances.',
      });
    }
    return new Failure('invalid-input', message, {
      why: `The local cloud answered ${status}.`,
      next: '`runctl local --help` lists what it can do.',
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not an error document of ours: shown as it is.
    return null;
  }
}
