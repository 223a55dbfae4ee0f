import { spotPricePerHourUsd, SPOT_PRICE_PERIOD_MS } from '../../local-cloud/catalogue/spot-price';
import { heardBefore, invocationStatus } from '../../local-cloud/ssm/invocation-status';
import { instanceCostUsd } from '../../local-cloud/world/bill';
import type { CommandRecord, InstanceRecord } from '../../local-cloud/world/records';

// What takes hours on a real clock is stated here on a written one.

const start = Date.parse('2026-03-01T00:00:00Z');
const after = (seconds: number): Date => new Date(start + seconds * 1000);

describe('an invocation', () => {
  const command: CommandRecord = {
    commandId: 'c',
    documentName: 'AWS-RunShellScript',
    comment: '',
    commands: ['true'],
    parameters: {},
    workingDirectory: '',
    executionTimeoutSeconds: 3600,
    timeoutSeconds: 30,
    requestedAt: after(0).toISOString(),
    instanceIds: ['i'],
    outputBucket: null,
    outputPrefix: null,
    cancelRequestedAt: null,
  };
  const running = { state: 'running', startedAt: start / 1000 } as const;
  const accepted = { state: 'queued', acceptedAt: start / 1000 } as const;

  test.each([
    ['nobody accepted it', null, 3600, 'Pending', 'Pending'],
    ['the agent has only queued it', accepted, 10, 'InProgress', 'InProgress'],
    ['its instance died, before the total timeout', running, 3629, 'InProgress', 'InProgress'],
    ['its instance died, after the total timeout', running, 3631, 'TimedOut', 'DeliveryTimedOut'],
    ['nobody accepted it, after the total timeout', null, 3631, 'TimedOut', 'DeliveryTimedOut'],
  ] as const)('%s', (_, heard, seconds, status, statusDetails) => {
    expect(invocationStatus(command, heard, after(seconds))).toMatchObject({
      status,
      statusDetails,
    });
  });

  test('that ended while its agent was silent is still in progress for the reader', () => {
    const done = {
      state: 'done',
      status: 'Success',
      statusDetails: 'Success',
      responseCode: 0,
      startedAt: start / 1000 + 1,
      endedAt: start / 1000 + 10,
    } as const;
    expect(heardBefore(done, after(5).toISOString())).toMatchObject({ state: 'running' });
    expect(heardBefore(done, after(0).toISOString())).toBeNull();
    expect(heardBefore(done, after(11).toISOString())).toBe(done);
  });
});

describe('the bill', () => {
  const record = (changes: Partial<InstanceRecord>): InstanceRecord =>
    // Only what the bill reads.
    ({
      instanceType: 'g5.xlarge',
      zone: 'us-east-1a',
      purchase: 'spot',
      billed: [],
      ...changes,
    }) as InstanceRecord;
  const hours = (count: number): string => after(count * 3600).toISOString();

  test('follows the Spot price from period to period', () => {
    const instance = record({ billed: [{ from: hours(3), to: hours(5) }] });
    const price = (hour: number): number =>
      spotPricePerHourUsd('g5.xlarge', 'us-east-1a', start + hour * 3_600_000);
    expect(SPOT_PRICE_PERIOD_MS).toBe(4 * 3_600_000);
    expect(price(3)).not.toBe(price(4));
    expect(instanceCostUsd(instance, after(0))).toBeCloseTo(price(3) + price(4), 5);
  });

  test('counts each time that an instance ran, and a minute at least each time', () => {
    const billed = [
      { from: hours(0), to: hours(1) },
      { from: hours(2), to: after(2 * 3600 + 1).toISOString() },
      { from: hours(3), to: null },
    ];
    const instance = record({ purchase: 'on-demand', billed });
    const hoursBilled = 1 + 1 / 60 + 0.5;
    expect(instanceCostUsd(instance, after(3.5 * 3600))).toBeCloseTo(1.006 * hoursBilled, 5);
  });

  test('has nothing for an instance that never ran', () => {
    expect(instanceCostUsd(record({}), after(9999))).toBe(0);
  });
});
