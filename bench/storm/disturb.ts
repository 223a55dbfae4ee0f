import type { LocalCloudAdmin } from '../../client/local-cloud/admin-client';
import { runWorkflowId, attemptWorkflowId } from '../../domain/ids';
import type { Stack } from '../../test/e2e/support/stack';
import type { Batch, DoingName } from './plan';

const noticeSeconds = 60;
const repeats = 20;

/** Does what a person or the cloud would do to one run, with the stock CLI where a person would. */
export async function disturb(
  { stack, admin }: { readonly stack: Stack; readonly admin: LocalCloudAdmin },
  batch: Batch,
  run: { readonly runId: string; readonly instanceId: string | null },
  doing: DoingName,
): Promise<void> {
  const { runId, instanceId } = run;
  const [parent, child] = [runWorkflowId(runId), attemptWorkflowId(runId)];
  const temporal = async (...args: string[]): Promise<void> => {
    const ran = await stack.temporal(['workflow', ...args]);
    if (ran.exitCode !== 0) throw new Error(`temporal workflow ${args.join(' ')}: ${ran.stderr}`);
  };
  const signal = (...input: string[]): Promise<void> =>
    temporal('signal', '--workflow-id', parent, '--name', 'spotInterruption', ...input);
  const own = JSON.stringify({ instanceId: instanceId ?? 'i-0123456789abcdef0' });
  switch (doing) {
    case 'signal without input':
      return signal();
    case 'signal for its instance':
      return signal('--input', own);
    case 'signal with garbage':
      return signal('--input', batch.garbage);
    case 'signal for another instance':
      return signal('--input', '{"instanceId":"i-0123456789abcdef0"}');
    case 'the same signal 20 times':
      for (let count = 0; count < repeats; count += 1) {
        await stack.client.interrupt(runId, instanceId === null ? {} : { instanceId });
      }
      return;
    case 'Spot notice':
      return instanceId === null ? undefined : admin.interrupt(instanceId, noticeSeconds);
    case 'death without notice':
      return instanceId === null ? undefined : admin.kill(instanceId);
    case 'stop':
      return stack.client.stop(runId);
    case 'cancel of the parent':
      return temporal('cancel', '--workflow-id', parent);
    case 'cancel of the child':
      return temporal('cancel', '--workflow-id', child);
    case 'terminate of the parent':
      return temporal('terminate', '--workflow-id', parent);
    case 'terminate of the child':
      return temporal('terminate', '--workflow-id', child);
  }
}
