import table from './instance-types.json';

export interface InstanceType {
  readonly name: string;
  readonly vcpuCount: number;
  readonly memoryMiB: number;
  /** Linux, us-east-1, 2025. Good for rehearsing, not for quoting. */
  readonly onDemandPricePerHourUsd: number;
  readonly gpu?: {
    readonly name: string;
    readonly manufacturer: string;
    readonly count: number;
    /** Of each GPU. */
    readonly memoryMiB: number;
  };
}

const types = new Map<string, InstanceType>(
  Object.entries(table).map(([name, facts]) => [name, { name, ...facts }]),
);

/** The instance types that this cloud offers, each in every zone. */
export function listInstanceTypes(): readonly InstanceType[] {
  return [...types.values()];
}

export function findInstanceType(name: string): InstanceType | undefined {
  return types.get(name);
}
