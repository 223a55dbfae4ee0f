/**
 * Which account's resources a worker uses. Credentials and endpoints are the SDK's own business (profile, role,
 * `AWS_ENDPOINT_URL`), so nothing here says whether the cloud is real.
 */
export interface CloudSettings {
  readonly region: string;
  readonly bucket: string;
  /** Name or ARN of the instance profile; docs/iam/instance-role.json is its policy. */
  readonly instanceProfile: string;
  readonly image: MachineImage;
  /** Empty: the default subnet of every zone of the region. */
  readonly subnetIds: readonly string[];
  /** Empty: the default security group of the subnet's VPC. Only outbound traffic is needed. */
  readonly securityGroupIds: readonly string[];
  /** Absent: what the image asks for. */
  readonly rootVolumeGiB?: number;
}

export type MachineImage =
  | { readonly kind: 'ami'; readonly imageId: string }
  /** A public or private SSM parameter whose value is an AMI id. */
  | { readonly kind: 'ssm-parameter'; readonly name: string };
