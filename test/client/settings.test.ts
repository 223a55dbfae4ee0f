import { loadSettings, settingsForLocalCloud } from '../../client/settings/load-settings';
import { chooseCloud } from '../../client/environment/choose-cloud';
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
