import { z } from 'zod';

/** The services whose operations can be disturbed. */
export type ServiceName = 's3' | 'ec2' | 'ssm' | 'ecr' | 'pricing';

/** What an operation is answered with instead of its usual reply. */
export type Fault =
  /** The call takes effect; the connection is cut before the answer. */
  | { readonly kind: 'lost-reply' }
  /** RequestLimitExceeded (EC2, 503), ThrottlingException (SSM, 400), SlowDown (S3, 503); nothing takes effect. */
  | { readonly kind: 'throttle' }
  /** This error in the service's own shape; nothing takes effect. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string };

/** The part of the fault book that a service asks, once per request and before it does anything. */
export interface OperationFaults {
  /** The fault to apply to this call, or null. Asking uses the fault up by one. */
  next(service: ServiceName, operation: string): Fault | null;
}

/** A pool as launch requests see it. */
export interface LaunchPool {
  readonly instanceType: string;
  readonly zone: string;
  readonly purchase: 'spot' | 'on-demand';
}

const count = z.int().positive().optional();
const operation = z.string().min(1).default('*');

/** What `POST /_local/faults` accepts. Without `count` a fault lasts until the faults are removed. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('capacity-shortage'),
    instanceType: z.string().optional(),
    zone: z.string().optional(),
    purchase: z.enum(['spot', 'on-demand']).optional(),
    count,
  }),
  z.strictObject({ kind: z.literal('lost-reply'), operation, count }),
  z.strictObject({ kind: z.literal('throttle'), operation, count }),
  z.strictObject({
    kind: z.literal('error'),
    operation,
    status: z.int().min(400).max(599).default(500),
    code: z.string().default('InternalError'),
    count,
  }),
  z.strictObject({ kind: z.literal('slow-boot'), seconds: z.number().min(0).max(86_400), count }),
]);

export type PlannedFault = z.infer<typeof faultSchema>;

/** The faults that are switched on, in the order in which they were. Nothing in it is random. */
export class FaultBook implements OperationFaults {
  private faults: PlannedFault[];

  /** `onChange` is called with the whole list after every change, so that it can be kept on disk. */
  constructor(
    initial: readonly PlannedFault[] = [],
    private readonly onChange: (faults: readonly PlannedFault[]) => void = () => undefined,
  ) {
    this.faults = [...initial];
  }

  list(): readonly PlannedFault[] {
    return this.faults;
  }

  add(fault: PlannedFault): void {
    this.replace([...this.faults, fault]);
  }

  clear(): void {
    this.replace([]);
  }

  next(_service: ServiceName, operationName: string): Fault | null {
    for (const fault of this.faults) {
      if (fault.kind === 'capacity-shortage' || fault.kind === 'slow-boot') continue;
      if (fault.operation !== '*' && fault.operation !== operationName) continue;
      this.use(fault);
      if (fault.kind !== 'error') return { kind: fault.kind };
      return { kind: 'error', status: fault.status, code: fault.code };
    }
    return null;
  }

  /**
   * Tells for each pool of one launch request whether it is out of capacity. A shortage with a count is used up by one
   * for the whole request, however many of its pools it hits.
   */
  outOfCapacity(pools: readonly LaunchPool[]): boolean[] {
    const shortages = this.faults.filter((fault) => fault.kind === 'capacity-shortage');
    const hits = (fault: (typeof shortages)[number], pool: LaunchPool): boolean =>
      (fault.instanceType === undefined || fault.instanceType === pool.instanceType) &&
      (fault.zone === undefined || fault.zone === pool.zone) &&
      (fault.purchase === undefined || fault.purchase === pool.purchase);
    const answer = pools.map((pool) => shortages.some((fault) => hits(fault, pool)));
    for (const fault of shortages) {
      if (pools.some((pool) => hits(fault, pool))) this.use(fault);
    }
    return answer;
  }

  /** How long the next instance takes to boot, or null where nothing slows it down. Uses the fault up by one. */
  nextBootSeconds(): number | null {
    const slow = this.faults.find((fault) => fault.kind === 'slow-boot');
    if (slow === undefined) return null;
    this.use(slow);
    return slow.seconds;
  }

  private use(fault: PlannedFault): void {
    if (fault.count === undefined) return;
    const left = fault.count - 1;
    this.replace(
      left === 0
        ? this.faults.filter((other) => other !== fault)
        : this.faults.map((other) => (other === fault ? { ...fault, count: left } : other)),
    );
  }

  private replace(faults: PlannedFault[]): void {
    this.faults = faults;
    this.onChange(faults);
  }
}
