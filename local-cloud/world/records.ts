import type { CreateFleetResult, RequestLaunchTemplateData } from '@aws-sdk/client-ec2';

export type Purchase = 'spot' | 'on-demand';
export type Tags = Readonly<Record<string, string>>;

export type InstanceState =
  'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** EC2's `StateReason`, with the text of `StateTransitionReason` beside it. */
export interface StateReason {
  readonly code: string;
  readonly message: string;
  readonly transition: string;
}

/** What a launch request comes down to once templates, overrides and defaults are applied. */
export interface LaunchSpec {
  readonly instanceType: string;
  readonly imageId: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly purchase: Purchase;
  readonly tags: Tags;
  readonly spotRequestTags: Tags;
  readonly shutdownBehavior: 'stop' | 'terminate';
  readonly securityGroupIds: readonly string[];
  readonly instanceProfile: string | null;
  readonly keyName: string | null;
  /** Base64, as it came. */
  readonly userData: string | null;
  readonly hasMetadataTags: boolean;
  /** How far away the metadata service may be asked for a token from: a container needs 2. */
  readonly metadataHopLimit: number;
  readonly isDetailedMonitoring: boolean;
}

/** All times are ISO 8601. */
export interface InstanceRecord extends LaunchSpec {
  readonly instanceId: string;
  readonly reservationId: string;
  readonly launchIndex: number;
  readonly clientToken: string;
  readonly fleetId: string | null;
  readonly spotRequestId: string | null;
  readonly privateIp: string;
  readonly state: InstanceState;
  readonly stateReason: StateReason | null;
  readonly launchedAt: string;
  readonly bootSeconds: number;
  readonly ssmOnlineAt: string | null;
  /** Since when nothing is heard from its agent, by order of the admin API. */
  readonly ssmSilentSince: string | null;
  /** When the state became shutting-down or stopping, and terminated. */
  readonly endingAt: string | null;
  readonly terminatedAt: string | null;
  readonly boot: Boot | null;
  readonly metadataPort: number | null;
  readonly interruption: { readonly noticedAt: string; readonly endsAt: string } | null;
  /** From running to shutting-down or stopping; the last one is open while it runs. */
  readonly billed: readonly BilledInterval[];
  /** Issued and not expired, the newest last. */
  readonly credentials: readonly TemporaryCredentials[];
}

interface Boot {
  readonly bootId: string;
  readonly startedAt: string;
}

export interface BilledInterval {
  readonly from: string;
  readonly to: string | null;
}

export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

export interface SpotRequestRecord {
  readonly requestId: string;
  readonly instanceId: string | null;
  readonly instanceType: string;
  /** Null as long as it is not known where. */
  readonly zone: string | null;
  readonly imageId: string;
  readonly subnetId: string | null;
  readonly state: 'open' | 'active' | 'closed' | 'cancelled' | 'failed';
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly statusUpdatedAt: string;
  readonly createdAt: string;
  readonly maxPrice: string;
  readonly tags: Tags;
  /** Of a request that RequestSpotInstances made. */
  readonly asked?: AskedSpotRequest;
}

export interface AskedSpotRequest {
  /** Empty where none was given. */
  readonly clientToken: string;
  readonly fingerprint: string;
  /** Where it may be fulfilled: one spec for each zone. */
  readonly pools: readonly LaunchSpec[];
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  readonly evaluateAt: string;
}

/** What a launch with a client token was answered with, so that it can be answered again. */
export interface LaunchTokenRecord {
  readonly key: string;
  readonly usedAt: string;
  readonly fingerprint: string;
  readonly reservationId: string;
  readonly instanceIds: readonly string[];
  /** The answer of CreateFleet. */
  readonly fleet?: CreateFleetResult;
}

export interface TemplateRecord {
  readonly templateId: string;
  readonly name: string;
  readonly createdAt: string;
  readonly defaultVersion: number;
  readonly tags: Tags;
  readonly versions: readonly TemplateVersion[];
}

export interface TemplateVersion {
  readonly number: number;
  readonly description: string | null;
  readonly createdAt: string;
  readonly data: RequestLaunchTemplateData;
}

export interface NetworkRecord {
  readonly vpcId: string;
  readonly securityGroupId: string;
  readonly subnets: readonly SubnetRecord[];
}

export interface SubnetRecord {
  readonly subnetId: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly cidr: string;
}

/** A parameter of Parameter Store, oldest version first. */
export interface ParameterRecord {
  readonly name: string;
  readonly type: 'String' | 'StringList' | 'SecureString';
  readonly description: string;
  readonly keyId: string | null;
  readonly allowedPattern: string | null;
  readonly dataType: string;
  readonly versions: readonly ParameterVersion[];
}

export interface ParameterVersion {
  readonly number: number;
  readonly tier: 'Standard' | 'Advanced';
  /** Sealed when the parameter is a SecureString. */
  readonly value: string;
  readonly modifiedAt: string;
  readonly modifiedBy: string;
}

export interface CommandRecord {
  readonly commandId: string;
  readonly documentName: string;
  readonly comment: string;
  readonly commands: readonly string[];
  readonly parameters: Readonly<Record<string, string[]>>;
  readonly workingDirectory: string;
  readonly executionTimeoutSeconds: number;
  readonly timeoutSeconds: number;
  readonly requestedAt: string;
  readonly instanceIds: readonly string[];
  readonly outputBucket: string | null;
  readonly outputPrefix: string | null;
  readonly cancelRequestedAt: string | null;
}
