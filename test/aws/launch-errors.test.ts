import { findErrorRow } from '../../aws/error-table';
import { judgeLaunchErrors, type LaunchError } from '../../aws/launch-errors';

const oldMs = 120_000;
const poolA = { instanceType: 'g5.xlarge', zone: 'us-east-1a' };
const poolB = { instanceType: 'g5.xlarge', zone: 'us-east-1b' };
const error = (code: string, pool = poolA, message = `about ${code}`): LaunchError => ({
  code,
  message,
  pool,
});

describe('what a refused launch means', () => {
  test('no capacity in any pool is a shortage that names the pools', () => {
    const judged = judgeLaunchErrors(
      [error('InsufficientInstanceCapacity'), error('UnfulfillableCapacity', poolB)],
      0,
    );
    expect(judged).toEqual({
      kind: 'capacity-shortage',
      isQuota: false,
      pools: [poolA, poolB],
      message:
        'EC2 answered InsufficientInstanceCapacity, UnfulfillableCapacity for g5.xlarge in us-east-1a, g5.xlarge in us-east-1b: about InsufficientInstanceCapacity',
    });
  });

  test('a missing iam:PassRole among shortages stops the launch, though EC2 shapes it like a shortage', () => {
    const judged = judgeLaunchErrors(
      [error('InsufficientInstanceCapacity'), error('UnauthorizedOperation', poolB)],
      0,
    );
    expect(judged).toMatchObject({ kind: 'failure', failure: { code: 'not-authorized' } });
  });

  test('it is a quota only when nothing else was wrong', () => {
    const quota = error('MaxSpotInstanceCountExceeded');
    expect(judgeLaunchErrors([quota, quota], 0)).toMatchObject({ isQuota: true });
    expect(
      judgeLaunchErrors([quota, error('InsufficientInstanceCapacity', poolB)], 0),
    ).toMatchObject({ kind: 'capacity-shortage', isQuota: false });
  });

  test('a pool that does not support the request is elsewhere; all pools saying so is the request', () => {
    const unsupported = error('UnsupportedOperation');
    expect(
      judgeLaunchErrors([unsupported, error('InsufficientInstanceCapacity', poolB)], 0),
    ).toMatchObject({ kind: 'capacity-shortage' });
    expect(judgeLaunchErrors([unsupported, unsupported], 0)).toMatchObject({
      kind: 'failure',
      failure: { code: 'launch-refused', message: 'about UnsupportedOperation' },
    });
  });

  test('throttling and errors of the server are repeated', () => {
    for (const code of ['RequestLimitExceeded', 'InternalError', 'ECONNRESET']) {
      expect(judgeLaunchErrors([error(code)], 0)).toMatchObject({
        kind: 'failure',
        failure: { code: 'aws-unavailable' },
      });
    }
  });

  test('a used-up token asks for a new one', () => {
    expect(judgeLaunchErrors([error('IdempotentInstanceTerminated')], 0)).toEqual({
      kind: 'burnt-token',
    });
  });

  test('a profile that was just made may not be known yet; later it is an error', () => {
    const profile = error('InvalidParameterValue', poolA, 'Invalid IAM Instance Profile name');
    expect(judgeLaunchErrors([profile], 0)).toMatchObject({ failure: { code: 'aws-unavailable' } });
    expect(judgeLaunchErrors([profile], oldMs)).toMatchObject({
      failure: { code: 'launch-refused' },
    });
  });

  test('a code that nobody knows is repeated for a minute, then reported as it is', () => {
    const odd = error('SomethingNew');
    expect(judgeLaunchErrors([odd], 0)).toMatchObject({ failure: { code: 'aws-unavailable' } });
    const late = judgeLaunchErrors([odd], oldMs);
    expect(late).toMatchObject({ failure: { code: 'launch-refused' } });
    expect(late).toHaveProperty('failure.why', expect.stringContaining('SomethingNew'));
  });
});

test('the table knows exact codes and families of codes', () => {
  expect(findErrorRow('InvalidAMIID.NotFound')?.class).toBe('fail');
  expect(findErrorRow('AuthFailure.ServiceLinkedRoleCreationNotPermitted')?.failure).toBe(
    'not-authorized',
  );
  expect(findErrorRow('MaxSpotInstanceCountExceeded')?.class).toBe('quota');
  expect(findErrorRow('InvalidInstanceID.NotFound')?.class).toBe('retry');
  expect(findErrorRow('NotInTheTable')).toBeNull();
});
