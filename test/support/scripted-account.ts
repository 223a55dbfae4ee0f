import { decideAlerts, defaultThresholds } from '../../domain/alerts';

/** What an activity reads and warns of that concerns no run: all of it is the test's. */
export class ScriptedAccount {
  pricePerHourUsd = 0;
  instanceCount = 0;
  readonly delivered: string[] = [];

  check(input: unknown): object {
    const { inForce } = input as { inForce: readonly string[] }; // the contract's
    const { pricePerHourUsd, instanceCount } = this;
    const observed = { kind: 'account', pricePerHourUsd, instanceCount } as const;
    const alerts = decideAlerts(observed, defaultThresholds, inForce);
    return { pricePerHourUsd, instanceCount, alerts };
  }

  deliver(input: unknown): object {
    const { code, limit } = input as { code: string; limit: number }; // the contract's
    this.delivered.push(`${code} ${limit}`);
    return { channels: ['log'] };
  }
}
