import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { ListCommandsCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { temporal } from '@temporalio/proto';
import type { Stack } from './stack';

/** A place where something of a run is kept, with all that is kept there. */
export interface Place {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The histories of a run's workflows: of the parent, and of every execution of the child. */
export async function histories(stack: Stack, runId: string): Promise<Place[]> {
  const { workflow } = stack.client.temporal;
  const places: Place[] = [];
  for (const workflowId of [`run/${runId}`, `run/${runId}/attempt`]) {
    for await (const { runId: workflowRunId } of workflow.list({
      query: `WorkflowId = "${workflowId}"`,
    })) {
      const history = await workflow.getHandle(workflowId, workflowRunId).fetchHistory();
      const bytes = temporal.api.history.v1.History.encode(history).finish();
      places.push({ name: `history of ${workflowId}, ${workflowRunId}`, bytes });
    }
  }
  return places;
}

/** Everything that Run Command remembers: parameters as they were sent. */
export async function commands(ssm: SSMClient): Promise<Place[]> {
  const places: Place[] = [];
  let NextToken: string | undefined;
  do {
    const reply = await ssm.send(new ListCommandsCommand({ NextToken }));
    for (const command of reply.Commands ?? []) {
      const bytes = Buffer.from(JSON.stringify(command));
      places.push({ name: `command ${command.CommandId ?? ''}`, bytes });
    }
    NextToken = reply.NextToken;
  } while (NextToken !== undefined && NextToken !== '');
  return places;
}

/** Every object of the bucket. */
export async function objects(s3: S3Client, Bucket: string): Promise<Place[]> {
  const places: Place[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
    for (const { Key } of page.Contents ?? []) {
      const reply = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const bytes = (await reply.Body?.transformToByteArray()) ?? new Uint8Array();
      places.push({ name: `object ${Key ?? ''}`, bytes });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return places;
}
