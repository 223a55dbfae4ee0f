import { Failure } from './failure';
import { formatUsd } from './format';
import type { Instant } from './instant';
import { isObject } from './json-reader';
import { limits } from './limits';
import { plural } from './text';

/** What people are warned of. */
type AlertCode = (typeof alertCodes)[number];

const alertCodes = [
  'run-hours',
  'run-cost',
  'run-price',
  'on-demand-fallback',
  'account-price',
  'account-day',
  'instance-count',
] as const;

/** From where on people are warned; null is never. The worker's configuration. */
export interface AlertThresholds {
  readonly runHours: number | null;
  readonly runUsd: number | null;
  readonly runUsdPerHour: number | null;
  readonly warnsOfFallback: boolean;
  /** Each of them warns. */
  readonly accountUsdPerHour: readonly number[];
  /** At the present rate. */
  readonly accountUsdPerDay: number | null;
  readonly instanceCount: number | null;
}

/** Those of the earlier runctl, whose warnings people know. */
export const defaultThresholds: AlertThresholds = {
  runHours: 24,
  runUsd: 10,
  runUsdPerHour: 5,
  warnsOfFallback: true,
  accountUsdPerHour: [25, 50],
  accountUsdPerDay: 100,
  instanceCount: 10,
};

/** With so many instances of runctl's in an account and region no other is launched. */
export const defaultMaxInstances = 50;

export const tooManyInstances = (count: number, limit: number): Failure =>
  new Failure(
    'too-many-instances',
    `runctl runs ${plural(count, 'instance')} in this account and region, and may run ${limit}.`,
    { why: 'No other is launched, so that a mistake cannot fill the account.' },
  );

/** What was seen of a run, or of all that runctl runs in the account and region. A price is null when it is not known. */
export type Observed =
  | {
      readonly kind: 'run';
      readonly ageHours: number;
      readonly costUsd: number;
      readonly pricePerHourUsd: number | null;
      /** Asked for Spot, paid On-Demand. */
      readonly isFallback: boolean;
    }
  | {
      readonly kind: 'account';
      readonly pricePerHourUsd: number | null;
      readonly instanceCount: number;
    };

/** A threshold and the value that is past it. */
export interface Crossing {
  readonly code: AlertCode;
  readonly limit: number;
  readonly value: number;
}

export interface AlertUpdate {
  /** Crossed since the last look: what is to be delivered. */
  readonly raised: readonly Crossing[];
  /** Names of all thresholds that are crossed now; given back with the next look. */
  readonly inForce: readonly string[];
}

/**
 * Decides what to warn of: once per crossing. A price or a number of instances that has fallen below its threshold is armed
 * again; age and cost of a run are not, since the cost falls only when the bill turns out lower than the estimate. A value
 * that is not known neither crosses nor falls. Pure and total; test/domain/alerts.test.ts is its table.
 *
 * @param inForce the names that the last look returned.
 */
export function decideAlerts(
  observed: Observed,
  thresholds: AlertThresholds,
  inForce: readonly string[],
): AlertUpdate {
  const seen = rulesFor(observed, thresholds);
  const isKnown = (name: string): boolean => inForce.includes(name);
  const isCrossed = (rule: Rule): boolean => {
    const isPast = rule.value !== null && rule.isPast(rule.value);
    const isHeld = rule.value === null || growsOnly.includes(rule.code);
    return isPast || (isHeld && isKnown(nameOf(rule)));
  };
  const crossed = seen.filter(isCrossed);
  return {
    raised: crossed.flatMap((rule) =>
      rule.value === null || isKnown(nameOf(rule))
        ? []
        : [{ code: rule.code, limit: rule.limit, value: rule.value }],
    ),
    inForce: crossed.map(nameOf),
  };
}

interface Rule {
  readonly code: AlertCode;
  readonly limit: number;
  readonly value: number | null;
  readonly isPast: (value: number) => boolean;
}

/** The name in {@link AlertUpdate.inForce}: another threshold is another crossing. */
export const nameOf = ({ code, limit }: Pick<Crossing, 'code' | 'limit'>): string =>
  `${code} ${limit}`;

/** Past a threshold once is past it for the rest of the run. */
const growsOnly: readonly AlertCode[] = ['run-hours', 'run-cost'];

const hoursPerDay = 24;

function rulesFor(observed: Observed, thresholds: AlertThresholds): Rule[] {
  const above = (code: AlertCode, limit: number | null, value: number | null): Rule[] =>
    limit === null ? [] : [{ code, limit, value, isPast: (seen) => seen > limit }];
  switch (observed.kind) {
    case 'run': {
      const { ageHours, costUsd, pricePerHourUsd, isFallback } = observed;
      const fallback: Rule = {
        code: 'on-demand-fallback',
        limit: 0,
        value: pricePerHourUsd ?? 0,
        isPast: () => isFallback,
      };
      return [
        ...above('run-hours', thresholds.runHours, ageHours),
        ...above('run-cost', thresholds.runUsd, costUsd),
        ...above('run-price', thresholds.runUsdPerHour, pricePerHourUsd),
        ...(thresholds.warnsOfFallback ? [fallback] : []),
      ];
    }
    case 'account': {
      const { pricePerHourUsd, instanceCount } = observed;
      const perDay = pricePerHourUsd === null ? null : pricePerHourUsd * hoursPerDay;
      const { instanceCount: limit } = thresholds;
      return [
        ...thresholds.accountUsdPerHour.flatMap((each) =>
          above('account-price', each, pricePerHourUsd),
        ),
        ...above('account-day', thresholds.accountUsdPerDay, perDay),
        ...(limit === null
          ? []
          : [
              {
                code: 'instance-count' as const,
                limit,
                value: instanceCount,
                isPast: (seen: number) => seen >= limit,
              },
            ]),
      ];
    }
  }
}

/** Whether a look has changed anything that the next one must know. */
export const isNews = (update: AlertUpdate, inForce: readonly string[]): boolean =>
  update.raised.length > 0 ||
  update.inForce.length !== inForce.length ||
  update.inForce.some((name) => !inForce.includes(name));

export interface RaisedAlert extends Crossing {
  readonly at: Instant;
}

/** Whether a value from outside is one that can be shown. */
export const isRaisedAlert = (value: unknown): value is RaisedAlert =>
  isObject(value) &&
  alertCodes.some((code) => code === value['code']) &&
  typeof value['limit'] === 'number' &&
  typeof value['value'] === 'number' &&
  typeof value['at'] === 'string';

/** What is remembered of the alerts of a run, or of the account. */
export interface AlertState {
  readonly inForce: readonly string[];
  /** The last few and those in force, oldest first. */
  readonly raised: readonly RaisedAlert[];
  /** How many there were in all: gives each its name. */
  readonly count: number;
}

export const noAlerts: AlertState = { inForce: [], raised: [], count: 0 };

/** What is delivered: the document that a command reads and a webhook gets. */
export interface Alert extends RaisedAlert {
  /** One crossing, one key: a receiver that has seen it may drop it. */
  readonly key: string;
  /** Null for what concerns the account. */
  readonly runId: string | null;
  readonly message: string;
  /** The same; the field that chat services read. */
  readonly text: string;
  readonly next: string;
}

/** Takes in a look: the state after it, and what is to be delivered. */
export function raiseAlerts(
  state: AlertState,
  update: AlertUpdate,
  of: { readonly runId: string | null; readonly scope: string; readonly at: Instant },
): { readonly state: AlertState; readonly alerts: readonly Alert[] } {
  const { runId, scope, at } = of;
  const raised = update.raised.map((crossing): RaisedAlert => {
    // More digits say nothing, and are carried along.
    return { ...crossing, value: Number(crossing.value.toPrecision(6)), at };
  });
  const alerts = raised.map((each, index): Alert => {
    const message = formatAlert(each, runId);
    const key = `${scope}/${state.count + index + 1}-${each.code}`;
    return { ...each, key, runId, message, text: message, next: adviceFor(each, runId) };
  });
  return {
    state: {
      inForce: update.inForce,
      raised: keepShown([...state.raised, ...raised], update.inForce),
      count: state.count + raised.length,
    },
    alerts,
  };
}

/** The last few, and the newest of each threshold that is crossed now. */
function keepShown(raised: readonly RaisedAlert[], inForce: readonly string[]): RaisedAlert[] {
  const newest = new Map(raised.map((alert) => [nameOf(alert), alert]));
  const isInForce = (alert: RaisedAlert): boolean =>
    inForce.includes(nameOf(alert)) && newest.get(nameOf(alert)) === alert;
  const firstOfLast = raised.length - limits.raisedAlerts;
  return raised.filter((alert, index) => index >= firstOfLast || isInForce(alert));
}

const account = "runctl's instances in this account and region";

/** What happened, as one sentence. */
export function formatAlert({ code, value, limit }: Crossing, runId: string | null): string {
  const run = `Run ${runId ?? ''}`;
  switch (code) {
    case 'run-hours':
      return `${run} has been going on for ${round(value)} hours (more than ${limit}).`;
    case 'run-cost':
      return `${run} has cost ${formatUsd(value)} so far (more than $${limit}).`;
    case 'run-price':
      return `${run} costs ${formatUsd(value)} per hour (more than $${limit}).`;
    case 'on-demand-fallback':
      return `${run} found no Spot capacity and runs On-Demand, at ${formatUsd(value)} per hour.`;
    case 'account-price':
      return `${account} cost ${formatUsd(value)} per hour (more than $${limit}).`;
    case 'account-day':
      return `${account} cost ${formatUsd(value)} a day at the present rate (more than $${limit}).`;
    case 'instance-count':
      return `runctl runs ${plural(value, 'instance')} in this account and region (warned of from ${limit} on).`;
  }
}

function adviceFor({ code }: Crossing, runId: string | null): string {
  switch (code) {
    case 'run-hours':
    case 'run-cost':
    case 'run-price':
      return `\`runctl aws status ${runId ?? ''}\` shows what it does, \`runctl aws stop ${runId ?? ''}\` saves and ends it; --max-cost ends a run by itself.`;
    case 'on-demand-fallback':
      return `Nothing has to be done; --fallback none waits for Spot capacity instead.`;
    case 'account-price':
    case 'account-day':
    case 'instance-count':
      return '`runctl aws list --open` shows the runs with their cost.';
  }
}

const round = (value: number): number => Number(value.toPrecision(3));
