import type { FailureCode } from '../domain/failure';

/**
 * What to do about an error of EC2 or SSM.
 *
 * retry: the same request again; it may have taken effect. throttle: again, later; nothing was done. elsewhere: this pool has no capacity, another may. quota: this account's limit.
 * fail: needs a person. credentials: the caller's own login. burnt-token: a new client token.
 */
export type ErrorClass =
  'retry' | 'throttle' | 'elsewhere' | 'quota' | 'fail' | 'credentials' | 'burnt-token';

export interface ErrorRow {
  /** Exact codes; a trailing `*` stands for any ending. */
  readonly codes: readonly string[];
  readonly class: ErrorClass;
  readonly failure: FailureCode;
  readonly source: string;
}

const errorCodes = 'https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html';
const idempotency = 'https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html';
const karpenter = 'https://github.com/aws/karpenter-provider-aws/blob/1d92708/pkg/errors/errors.go';
const sdkRetries = 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html';
const spotLimits = 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-limits.html';
const ssmErrors =
  'https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html#API_SendCommand_Errors';
const s3Errors = 'https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html';

/** The first row that matches counts. */
const errorTable: readonly ErrorRow[] = [
  {
    codes: [
      'InsufficientInstanceCapacity',
      'InsufficientCapacity',
      'InsufficientHostCapacity',
      'InsufficientReservedInstanceCapacity',
      'InsufficientCapacityOnHost',
      'InsufficientVolumeCapacity',
      'VolumeTypeNotAvailableInZone',
      'UnfulfillableCapacity',
    ],
    class: 'elsewhere',
    failure: 'capacity-shortage',
    source: errorCodes,
  },
  {
    codes: ['InsufficientFreeAddressesInSubnet', 'SpotMaxPriceTooLow'],
    class: 'elsewhere',
    failure: 'capacity-shortage',
    source: karpenter,
  },
  {
    // Also said of a misspelt type: types are checked by DescribeInstanceTypeOfferings before the launch.
    codes: ['Unsupported', 'UnsupportedOperation', 'InvalidFleetConfiguration'],
    class: 'elsewhere',
    failure: 'capacity-shortage',
    source: karpenter,
  },
  {
    // Spot quota is freed late: a request counts until EC2 has noticed that its instance ended.
    codes: ['MaxSpotInstanceCountExceeded'],
    class: 'quota',
    failure: 'quota-exceeded',
    source: spotLimits,
  },
  {
    codes: [
      'VcpuLimitExceeded',
      'InstanceLimitExceeded',
      'VolumeLimitExceeded',
      'MaxIOPSLimitExceeded',
      'NetworkInterfaceLimitExceeded',
      'MaxFleetCountExceeded',
      'ResourceLimitExceeded',
    ],
    class: 'quota',
    failure: 'quota-exceeded',
    source: errorCodes,
  },
  {
    codes: [
      'RequestLimitExceeded',
      'EC2ThrottledException',
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'TooManyRequestsException',
      'BandwidthLimitExceeded',
      'PriorRequestNotComplete',
      'SlowDown',
    ],
    class: 'throttle',
    failure: 'aws-unavailable',
    source: sdkRetries,
  },
  {
    codes: [
      'InternalError',
      'InternalFailure',
      'InternalServerError',
      'ServerInternal',
      'ServiceUnavailable',
      'Unavailable',
      'RetryableError',
      'RequestTimeout',
      'RequestTimeoutException',
      'TimeoutError',
    ],
    class: 'retry',
    failure: 'aws-unavailable',
    source: errorCodes,
  },
  {
    // Node's own codes: no answer came.
    codes: [
      'ECONNRESET',
      'ECONNREFUSED',
      'EPIPE',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ENOTFOUND',
      'EAI_AGAIN',
      'no-answer',
    ],
    class: 'retry',
    failure: 'aws-unavailable',
    source: sdkRetries,
  },
  {
    // "The resource is in the process of changing states, and retrying the request could succeed."
    codes: [
      'IncorrectState',
      'IncorrectInstanceState',
      'IncorrectSpotRequestState',
      'DependencyViolation',
      'ConcurrentTagAccess',
    ],
    class: 'retry',
    failure: 'aws-unavailable',
    source: idempotency,
  },
  {
    codes: ['InvalidInstanceID.NotFound', 'InvalidSpotInstanceRequestID.NotFound'],
    class: 'retry',
    failure: 'aws-unavailable',
    source: idempotency,
  },
  {
    codes: ['IdempotentInstanceTerminated'],
    class: 'burnt-token',
    failure: 'aws-unavailable',
    source: idempotency,
  },
  {
    // The same token came with other parameters, for instance because a zone was added meanwhile.
    codes: ['IdempotentParameterMismatch'],
    class: 'burnt-token',
    failure: 'aws-unavailable',
    source: idempotency,
  },
  {
    codes: [
      'UnauthorizedOperation',
      'AuthFailure',
      'AuthFailure.*',
      'SsmAccessDenied',
      'AccessDenied',
      'AccessDeniedException',
      'OptInRequired',
      'Blocked',
      'PendingVerification',
      'AccountDisabled',
    ],
    class: 'fail',
    failure: 'not-authorized',
    source: errorCodes,
  },
  {
    codes: ['RequestExpired', 'ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'],
    class: 'retry',
    failure: 'aws-unavailable',
    source: errorCodes,
  },
  {
    codes: [
      'CredentialsProviderError',
      'TokenProviderError',
      'SignatureDoesNotMatch',
      'InvalidClientTokenId',
      'InvalidAccessKeyId',
      'UnrecognizedClientException',
    ],
    class: 'credentials',
    failure: 'no-credentials',
    source: errorCodes,
  },
  { codes: ['NoSuchBucket'], class: 'fail', failure: 'bucket-missing', source: s3Errors },
  {
    // Covers an agent that is not registered yet, stopped, or on an instance that ended: EC2 tells which.
    codes: ['InvalidInstanceId'],
    class: 'retry',
    failure: 'instance-not-ready',
    source: ssmErrors,
  },
  {
    codes: [
      'InvalidParameter*',
      'MissingParameter*',
      'MissingInput',
      'ValidationError',
      'ValidationException',
      'UnknownParameter',
      'InvalidAMIID.*',
      'InvalidSubnet*',
      'InvalidGroup*',
      'InvalidSecurityGroup*',
      'InvalidBlockDeviceMapping',
      'InvalidKeyPair.NotFound',
      'InvalidUserData.Malformed',
      'InvalidClientToken',
      'InvalidLaunchTemplate*',
      'TagPolicyViolation',
      'ParameterNotFound',
    ],
    class: 'fail',
    failure: 'launch-refused',
    source: errorCodes,
  },
];

/** The row of a code; null for a code in no row. */
export function findErrorRow(code: string): ErrorRow | null {
  return errorTable.find((row) => row.codes.some((pattern) => matches(pattern, code))) ?? null;
}

const matches = (pattern: string, code: string): boolean =>
  pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : pattern === code;
