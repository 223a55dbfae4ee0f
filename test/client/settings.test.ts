import { chooseCloud } from '../../client/environment/choose-cloud';
import { loadSettings, settingsForLocalCloud } from '../../settings/load-settings';
import { readWorkerSettings } from '../../worker/settings';
import { failureOf } from './support/failure-of';
import { temporaryFolder } from './support/temporary-folder';

function load(files: Record<string, string>, environment: NodeJS.ProcessEnv = {}, flags = {}) {
  const folder = temporaryFolder(files);
  return loadSettings({ folder, environment: { HOME: folder, ...environment }, flags });
}

test('a flag wins over the environment, that over the project, that over the user', () => {
  const files = {
    '.config/runctl/config.toml': 'bucket = "user"\nregion = "user"\nami = "user"\ncloud = "aws"',
    '.runctl.toml': 'bucket = "project"\nregion = "project"\ncloud = "aws"',
  };
  const { values, places } = load(
    files,
    { RUNCTL_BUCKET: 'environment', RUNCTL_CLOUD: 'aws' },
    { cloud: 'local' },
  );
  expect(values).toMatchObject({
    cloud: 'local',
    bucket: 'environment',
    region: 'project',
    ami: 'user',
  });
  expect(places.region?.place).toBe('.runctl.toml:2');
});

test('the project file is found from a folder below it', () => {
  const folder = temporaryFolder({ '.runctl.toml': 'bucket = "b"', 'src/deep/x.py': 'x' });
  const found = loadSettings({ folder: `${folder}/src/deep`, environment: { HOME: folder } });
  expect(found.values.bucket).toBe('b');
  expect(found.projectFolder).toBe(folder);
});

test('lists and numbers are read from the environment', () => {
  const { values } = load({}, { RUNCTL_SUBNETS: 'subnet-1, subnet-2', RUNCTL_LEASE_SECONDS: '60' });
  expect(values).toMatchObject({ subnets: ['subnet-1', 'subnet-2'], lease_seconds: 60 });
});

test('an unknown key is named with its line, and the rest still counts', () => {
  const { values, warnings } = load({ '.runctl.toml': 'bucket = "b"\nbuckett = "c"' });
  expect(values).toEqual({ bucket: 'b' });
  expect(warnings).toEqual([expect.stringContaining('.runctl.toml:2: unknown key "buckett"')]);
});

test('all unusable values are told at once, each with its place', () => {
  const failure = failureOf(() =>
    load(
      { '.runctl.toml': 'lease_seconds = -1\nsubnets = "one"' },
      { RUNCTL_POLL_INTERVAL_SECONDS: 'soon' },
    ),
  );
  expect(failure.code).toBe('invalid-input');
  expect(failure.message).toContain('.runctl.toml:1 lease_seconds: expected a number of seconds');
  expect(failure.message).toContain('.runctl.toml:2 subnets:');
  expect(failure.message).toContain('RUNCTL_POLL_INTERVAL_SECONDS poll_interval_seconds:');
  expect(failure.message).toContain('got "soon"');
});

test('a file that is no TOML is told with the line', () => {
  const failure = failureOf(() => load({ '.runctl.toml': 'bucket = "b"\nregion = ' }));
  expect(failure.message).toMatch(/^\.runctl\.toml:2: /);
});

test('the section [alerts] says what the worker warns of, and whom', () => {
  const files = {
    '.runctl.toml': [
      '[alerts]\nrun_usd = 0\nrun_hours = 12.5\naccount_usd_per_hour = [5]\ninstances = 3',
      'max_instances = 4\non_demand_fallback = false\ncommand = ["notify", "--loud"]',
    ].join('\n'),
  };
  const environment = {
    RUNCTL_ALERT_RUN_HOURS: '36',
    RUNCTL_ALERT_ACCOUNT_USD_PER_DAY: '7',
    RUNCTL_ALERT_WEBHOOK: 'https://example.com/hook',
    RUNCTL_BUCKET: 'b',
    RUNCTL_INSTANCE_PROFILE: 'p',
    AWS_REGION: 'us-east-1',
  };
  const folder = temporaryFolder(files);
  const { alerts, maxInstances } = readWorkerSettings(folder, { HOME: folder, ...environment });
  expect(alerts).toEqual({
    thresholds: {
      ...{ runHours: 36, runUsd: null, runUsdPerHour: 5, warnsOfFallback: false },
      ...{ accountUsdPerHour: [5], accountUsdPerDay: 7, instanceCount: 3 },
    },
    command: ['notify', '--loud'],
    webhook: 'https://example.com/hook',
  });
  expect(maxInstances).toBe(4);
});

test('unusable alerts are told with their place, and unknown ones with what is known', () => {
  const content = '[alerts]\nrun_usd = "ten"\ncommand = []\nwebhook = "ftp://x"\ninstances = 1.5';
  const { message } = failureOf(() =>
    load({ '.runctl.toml': content }, { RUNCTL_ALERT_ON_DEMAND_FALLBACK: 'perhaps' }),
  );
  expect(message).toContain('.runctl.toml:2 alerts.run_usd: expected a number, or 0 for never');
  expect(message).toContain('.runctl.toml:3 alerts.command: expected a program, or a list of');
  expect(message).toContain('.runctl.toml:4 alerts.webhook: expected an address with https://');
  expect(message).toContain('.runctl.toml:5 alerts.instances: expected a whole number, or 0');
  expect(message).toContain('RUNCTL_ALERT_ON_DEMAND_FALLBACK alert_on_demand_fallback: expected');
  const { warnings } = load({ '.runctl.toml': '[alerts]\nrun_euro = 1' });
  expect(warnings).toEqual([
    expect.stringMatching(/^\.runctl\.toml:2: unknown key "alerts.run_euro"; known are run_hours,/),
  ]);
});

test('what a file says of a real account does not reach the local cloud', () => {
  const loaded = load(
    { '.runctl.toml': 'bucket = "real"\nsubnets = ["subnet-1"]\ninstance_types = ["g5.xlarge"]' },
    { AWS_REGION: 'eu-west-1' },
  );
  expect(settingsForLocalCloud(loaded)).toEqual({
    region: 'eu-west-1',
    instance_types: ['g5.xlarge'],
  });
});

describe('which cloud is meant', () => {
  const file = { cloud: 'aws', origin: 'file', place: '.runctl.toml:1' } as const;
  const flag = { cloud: 'aws', origin: 'flag', place: '--cloud' } as const;
  const up = { cloud: 'local', folder: '/p' } as const;

  test('what is said now decides', () => {
    expect(chooseCloud({ configured: flag, up })).toMatchObject({ cloud: 'aws' });
  });

  test('a running `up` is enough', () => {
    expect(chooseCloud({ configured: null, up })).toMatchObject({ cloud: 'local' });
  });

  test('a file and a running `up` that disagree are a question, since one of them costs money', () => {
    const failure = failureOf(() => chooseCloud({ configured: file, up }));
    expect(failure.code).toBe('cloud-not-chosen');
    expect(failure.why).toContain('.runctl.toml:1 says aws');
  });

  test('without a word there is no guess', () => {
    expect(failureOf(() => chooseCloud({ configured: null, up: null })).code).toBe(
      'cloud-not-chosen',
    );
  });
});
