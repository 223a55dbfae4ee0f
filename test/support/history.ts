/**
 * Writes histories as a server would, so that a race can be replayed exactly: which events share a workflow task, what
 * was refused, what came too late. Commands follow the task that produced them, in the order the code issued them.
 */
export class History {
  readonly events: Record<string, unknown>[] = [];

  private at = Date.parse('2026-11-24T10:00:00.000Z');
  private lastTask = 0;
  private activityCount = 0;

  constructor(workflowType: string, input: unknown, parentWorkflowId?: string) {
    this.add('WORKFLOW_EXECUTION_STARTED', 'workflowExecutionStarted', {
      workflowType: { name: workflowType },
      taskQueue: { name: 'runctl', kind: 'TASK_QUEUE_KIND_NORMAL' },
      input: payloads(input),
      workflowTaskTimeout: '10s',
      originalExecutionRunId: 'run-1',
      firstExecutionRunId: 'run-1',
      attempt: 1,
      workflowId: 'w',
      ...(parentWorkflowId === undefined
        ? {}
        : {
            parentWorkflowNamespace: 'default',
            parentWorkflowExecution: { workflowId: parentWorkflowId, runId: 'parent-run' },
          }),
    });
  }

  /** A workflow task that succeeded; what it commanded comes next. */
  task(): void {
    const ids = this.beginTask();
    this.lastTask = this.add('WORKFLOW_TASK_COMPLETED', 'workflowTaskCompleted', {
      ...ids,
      // What SDK 1.24 records: among others, that all news of one task are seen before any code goes on.
      sdkMetadata: { coreUsedFlags: [1, 2, 3], langUsedFlags: [1, 2] },
    });
  }

  /** A task whose closing command the server refused, since something new had arrived meanwhile. */
  refusedTask(): void {
    this.add('WORKFLOW_TASK_FAILED', 'workflowTaskFailed', {
      ...this.beginTask(),
      cause: 'WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND',
    });
  }

  upsert(...names: string[]): void {
    const nothing = { metadata: { encoding: base64('binary/null') } };
    this.add('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', 'upsertWorkflowSearchAttributes', {
      ...this.byTask(),
      searchAttributes: { indexedFields: Object.fromEntries(names.map((n) => [n, nothing])) },
    });
  }

  /** An activity is scheduled; returns the id of that event. */
  schedule(activityType: string): number {
    this.activityCount += 1;
    return this.add('ACTIVITY_TASK_SCHEDULED', 'activityTaskScheduled', {
      ...this.byTask(),
      activityId: String(this.activityCount),
      activityType: { name: activityType },
      taskQueue: { name: 'runctl-control' },
      startToCloseTimeout: '120s',
    });
  }

  complete(scheduled: number, result: unknown): void {
    const started = this.startActivity(scheduled);
    this.add('ACTIVITY_TASK_COMPLETED', 'activityTaskCompleted', {
      ...started,
      result: payloads(result),
    });
  }

  /** An activity that failed for good. */
  fail(scheduled: number, type: string, message: string): void {
    const started = this.startActivity(scheduled);
    this.add('ACTIVITY_TASK_FAILED', 'activityTaskFailed', {
      ...started,
      retryState: 'RETRY_STATE_NON_RETRYABLE_FAILURE',
      failure: { message, applicationFailureInfo: { type, nonRetryable: true } },
    });
  }

  /** The workflow gives an activity up. */
  requestActivityCancel(scheduled: number): void {
    this.add('ACTIVITY_TASK_CANCEL_REQUESTED', 'activityTaskCancelRequested', {
      ...this.byTask(),
      scheduledEventId: String(scheduled),
    });
  }

  signal(signalName: string, ...input: unknown[]): void {
    this.add('WORKFLOW_EXECUTION_SIGNALED', 'workflowExecutionSignaled', {
      signalName,
      ...(input.length === 0 ? {} : { input: payloads(...input) }),
    });
  }

  /** A signal to another workflow is on its way; returns the id of that event. */
  signalOther(workflowId: string, signalName: string): number {
    return this.add(
      'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
      'signalExternalWorkflowExecutionInitiated',
      {
        ...this.byTask(),
        namespace: 'default',
        workflowExecution: { workflowId },
        signalName,
      },
    );
  }

  /** It has arrived, or there is no such workflow any more. */
  answerSignal(initiated: number, end: 'arrived' | 'not-found'): void {
    const initiatedEventId = String(initiated);
    if (end === 'arrived') {
      this.add('EXTERNAL_WORKFLOW_EXECUTION_SIGNALED', 'externalWorkflowExecutionSignaled', {
        initiatedEventId,
      });
      return;
    }
    this.add('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED', 'signalExternalWorkflowExecutionFailed', {
      ...this.byTask(),
      initiatedEventId,
      cause:
        'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND',
    });
  }

  /** Somebody cancels the workflow. */
  cancel(): void {
    this.add('WORKFLOW_EXECUTION_CANCEL_REQUESTED', 'workflowExecutionCancelRequested', {});
  }

  startTimer(timerId: string): number {
    return this.add('TIMER_STARTED', 'timerStarted', {
      ...this.byTask(),
      timerId,
      startToFireTimeout: '30s',
    });
  }

  fireTimer(started: number, timerId: string): void {
    this.add('TIMER_FIRED', 'timerFired', { startedEventId: String(started), timerId });
  }

  continuedAsNew(workflowType: string): void {
    this.add('WORKFLOW_EXECUTION_CONTINUED_AS_NEW', 'workflowExecutionContinuedAsNew', {
      ...this.byTask(),
      newExecutionRunId: 'run-2',
      workflowType: { name: workflowType },
      taskQueue: { name: 'runctl' },
    });
  }

  completed(): void {
    this.add('WORKFLOW_EXECUTION_COMPLETED', 'workflowExecutionCompleted', this.byTask());
  }

  failed(): void {
    this.add('WORKFLOW_EXECUTION_FAILED', 'workflowExecutionFailed', this.byTask());
  }

  cancelled(): void {
    this.add('WORKFLOW_EXECUTION_CANCELED', 'workflowExecutionCanceled', this.byTask());
  }

  private beginTask(): { scheduledEventId: string; startedEventId: string } {
    const scheduled = this.add('WORKFLOW_TASK_SCHEDULED', 'workflowTaskScheduled', {
      taskQueue: { name: 'runctl' },
      startToCloseTimeout: '10s',
      attempt: 1,
    });
    const started = this.add('WORKFLOW_TASK_STARTED', 'workflowTaskStarted', {
      scheduledEventId: String(scheduled),
      requestId: 'request',
    });
    return { scheduledEventId: String(scheduled), startedEventId: String(started) };
  }

  private startActivity(scheduled: number) {
    const started = this.add('ACTIVITY_TASK_STARTED', 'activityTaskStarted', {
      scheduledEventId: String(scheduled),
      attempt: 1,
    });
    return { scheduledEventId: String(scheduled), startedEventId: String(started) };
  }

  private byTask(): { workflowTaskCompletedEventId: string } {
    return { workflowTaskCompletedEventId: String(this.lastTask) };
  }

  private add(type: string, key: string, attributes: object): number {
    this.at += 1_000;
    this.events.push({
      eventId: String(this.events.length + 1),
      eventTime: new Date(this.at).toISOString(),
      eventType: `EVENT_TYPE_${type}`,
      [`${key}EventAttributes`]: attributes,
    });
    return this.events.length;
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const payloads = (...values: unknown[]): object => ({
  payloads: values.map((value) => ({
    metadata: { encoding: base64('json/plain') },
    data: base64(JSON.stringify(value)),
  })),
});
