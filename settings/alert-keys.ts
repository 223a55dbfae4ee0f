import { z } from 'zod';

const number = 'expected a number, or 0 for never';
const threshold = z.number(number).nonnegative(number);
const whole = 'expected a whole number, or 0 for none';
const count = z.int(whole).nonnegative(whole);
const command = 'expected a program, or a list of a program and its arguments';
const program = z.string().trim().min(1, 'expected the path of a program');

/**
 * The keys of the section `[alerts]`, without their `alert_`: what the worker warns of, and whom. 0 switches one off.
 * docs/alerts.md explains them.
 */
export const alertKeys = {
  alert_run_hours: { schema: threshold, environment: ['RUNCTL_ALERT_RUN_HOURS'], kind: 'number' },
  alert_run_usd: { schema: threshold, environment: ['RUNCTL_ALERT_RUN_USD'], kind: 'number' },
  alert_run_usd_per_hour: {
    schema: threshold,
    environment: ['RUNCTL_ALERT_RUN_USD_PER_HOUR'],
    kind: 'number',
  },
  alert_on_demand_fallback: {
    schema: z.boolean('expected true or false'),
    environment: ['RUNCTL_ALERT_ON_DEMAND_FALLBACK'],
    kind: 'flag',
  },
  /** Each of them warns; an empty list never. */
  alert_account_usd_per_hour: {
    schema: z.array(z.coerce.number('expected a list of numbers').positive()),
    environment: ['RUNCTL_ALERT_ACCOUNT_USD_PER_HOUR'],
    kind: 'list',
  },
  alert_account_usd_per_day: {
    schema: threshold,
    environment: ['RUNCTL_ALERT_ACCOUNT_USD_PER_DAY'],
    kind: 'number',
  },
  alert_instances: { schema: count, environment: ['RUNCTL_ALERT_INSTANCES'], kind: 'number' },
  /** No launch goes past it. */
  alert_max_instances: {
    schema: count,
    environment: ['RUNCTL_ALERT_MAX_INSTANCES'],
    kind: 'number',
  },
  /** A program, or a program and its arguments; an environment variable names the program alone. */
  alert_command: {
    schema: z.union([program.transform((path) => [path]), z.array(program).min(1, command)], {
      error: command,
    }),
    environment: ['RUNCTL_ALERT_COMMAND'],
    kind: 'text',
  },
  alert_webhook: {
    schema: z.url({ protocol: /^https?$/, error: 'expected an address with https:// or http://' }),
    environment: ['RUNCTL_ALERT_WEBHOOK'],
    kind: 'text',
  },
} as const;

/** What the keys of the section mean: `run_hours` is the setting `alert_run_hours`. */
export const alertSection = Object.fromEntries(
  Object.keys(alertKeys).map((name) => [
    name.slice('alert_'.length),
    // Object.keys forgets the key type.
    { kind: 'setting', name: name as keyof typeof alertKeys } as const,
  ]),
);
