import { requestDefaults } from '../../client/runs/request-defaults';
import { buildSpec, type TrainRequest } from '../../client/runs/train-request';
import { earlierKeys } from '../../settings/earlier-keys';
import { loadSettings, userSettingsFile } from '../../settings/load-settings';
import { failureOf } from './support/failure-of';
import { temporaryFolder } from './support/temporary-folder';

const load = (content: string) => {
  const folder = temporaryFolder({ '.runctl.toml': content });
  return loadSettings({ folder, environment: { HOME: folder } });
};

/** Every key that the earlier runctl knew, in its own order. */
const everyKey = `# made by hand
[runpod]
api_key = "x"
default_gpu = "RTX 4090"
default_disk_gb = 40
default_image = "repo/image:1"

[aws]
region = "eu-west-1"
default_instance_type = "g4dn.xlarge"
default_ami = "ami-0123456789abcdef0"
use_spot = false
spot_max_price = "0.35"
iam_instance_profile = "profile"
s3_bucket = "bucket"
default_project_name = "vision"
user_id = "ada"

[local]
default_device = "cuda"
checkpoint_dir = "checkpoints"

[checkpoint]
dir = "checkpoints"
save_interval = 5
keep_last_n = 7

[monitoring]
log_dir = "logs"
update_interval_secs = 10
enable_warnings = true
`;

test('a complete file of the earlier runctl loads, and what still means something counts', () => {
  const { values, warnings, places } = load(everyKey);
  expect(values).toEqual({
    region: 'eu-west-1',
    instance_types: ['g4dn.xlarge'],
    ami: 'ami-0123456789abcdef0',
    purchase: 'on-demand',
    spot_max_price: 0.35,
    instance_profile: 'profile',
    bucket: 'bucket',
    checkpoint_keep_last: 7,
  });
  expect(warnings).toEqual([]);
  expect(places.checkpoint_keep_last?.place).toBe('.runctl.toml:26');
});

test('a run that says nothing itself gets what the file says', () => {
  const { values } = load(everyKey);
  const code = { sha256: 'a'.repeat(64), sizeBytes: 1 };
  const specOf = (request: Partial<TrainRequest>) =>
    buildSpec({ ...requestDefaults(values), ...request, script: 'train.py' }, 'r1', {
      code,
      script: 'train.py',
    });
  const { capacity, checkpoints } = specOf({});
  expect(capacity).toMatchObject({
    instanceTypes: ['g4dn.xlarge'],
    purchase: 'on-demand',
    spotMaxPriceUsdPerHour: 0.35,
  });
  expect(checkpoints.keepLast).toBe(7);
  expect(specOf({ purchase: 'spot', keepLastCheckpoints: 1 })).toMatchObject({
    capacity: { purchase: 'spot' },
    checkpoints: { keepLast: 1 },
  });
});

test('what means nothing any more is named once, with its line and what to do instead', () => {
  const { notes } = load(everyKey);
  expect(notes).toEqual([
    expect.stringMatching(
      /^\.runctl\.toml:3: runpod\.api_key, runpod\.default_gpu, .*EC2 only; leave/,
    ),
    expect.stringMatching(/^\.runctl\.toml:16: aws\.default_project_name, aws\.user_id mean/),
    expect.stringMatching(/^\.runctl\.toml:20: local\.default_device means .*--env TRAINCTL_DEV/),
    expect.stringMatching(
      /^\.runctl\.toml:21: local\.checkpoint_dir, checkpoint\.dir .*CHECKPOINT_DIR/,
    ),
    expect.stringMatching(/^\.runctl\.toml:25: checkpoint\.save_interval .*for the script/),
    expect.stringMatching(/^\.runctl\.toml:29: monitoring\.log_dir .*runctl aws monitor/),
    expect.stringMatching(/^\.runctl\.toml:30: monitoring\.update.*poll_interval_seconds/),
    expect.stringMatching(/^\.runctl\.toml:31: monitoring\.enable_warnings/),
  ]);
});

test.each(
  Object.entries(earlierKeys).flatMap(([section, keys]) =>
    Object.keys(keys).map((key) => [section, key] as const),
  ),
)('the file may hold [%s] %s alone: nothing is required', (section, key) => {
  const value = /^\s*(.*)$/m.exec(
    new RegExp(`^${key} = (.*)$`, 'm').exec(everyKey)?.[1] ?? '',
  )?.[1];
  const { values, notes, warnings } = load(`[${section}]\n${key} = ${value ?? ''}\n`);
  expect(warnings).toEqual([]);
  expect(Object.keys(values).length + notes.length).toBe(1);
});

test('a key that no runctl ever knew is named with its section and line', () => {
  const { values, warnings } = load(
    '[aws]\nregion = "r"\nuse_spott = true\n[checkpoint]\nkeep = 3\n[extra]\nregion = "x"\n',
  );
  expect(values).toEqual({ region: 'r' });
  expect(warnings).toEqual([
    expect.stringMatching(/^\.runctl\.toml:3: unknown key "aws\.use_spott"; known are cloud, /),
    expect.stringMatching(/^\.runctl\.toml:5: unknown key "checkpoint\.keep"/),
    expect.stringMatching(/^\.runctl\.toml:6: unknown key "extra"/),
  ]);
});

test('a value that cannot be used is told under the name that the file has', () => {
  const failure = failureOf(() =>
    load('[aws]\nuse_spot = "maybe"\nspot_max_price = "cheap"\n[checkpoint]\nkeep_last_n = 0\n'),
  );
  expect(failure.message.split('\n')).toEqual([
    '.runctl.toml:2 aws.use_spot: expected "spot" or "on-demand", got "maybe"',
    '.runctl.toml:3 aws.spot_max_price: expected a number of US dollars above 0, got "cheap"',
    '.runctl.toml:5 checkpoint.keep_last_n: expected a whole number above 0, got 0',
  ]);
});

test('a setting that is said twice is told, and the first counts', () => {
  const { values, warnings } = load('bucket = "new"\n[aws]\ns3_bucket = "old"\n');
  expect(values).toEqual({ bucket: 'new' });
  expect(warnings).toEqual([
    '.runctl.toml:3: "aws.s3_bucket" is said already at .runctl.toml:1, and that counts',
  ]);
});

test.each([
  ['dotted keys', 'aws.region = "r"\ncheckpoint.keep_last_n = 2\n', '.runctl.toml:2'],
  ['one line', '\naws = { region = "r" }\ncheckpoint = { keep_last_n = 2 }\n', '.runctl.toml:3'],
  ['quotes', '["checkpoint"]\n"keep_last_n" = 2\n[aws]\nregion="r"', '.runctl.toml:2'],
])('TOML written with %s is the same', (_, content, place) => {
  const { values, places, warnings } = load(content);
  expect(values).toEqual({ region: 'r', checkpoint_keep_last: 2 });
  expect(places.checkpoint_keep_last?.place).toBe(place);
  expect(warnings).toEqual([]);
});

test('a variable of the earlier runctl that means nothing any more is named', () => {
  const folder = temporaryFolder();
  const environment = { HOME: folder, TRAINCTL_AUTO_RESUME: '1' };
  expect(loadSettings({ folder, environment }).notes).toEqual([
    expect.stringMatching(/^TRAINCTL_AUTO_RESUME means nothing any more: every run resumes/),
  ]);
});

test('the file that RUNCTL_CONFIG names takes the place of .runctl.toml', () => {
  const folder = temporaryFolder({
    '.runctl.toml': 'bucket = "project"\nregion = "project"\n',
    'other/my.toml': 'bucket = "named"\n',
  });
  const environment = { HOME: folder, RUNCTL_CONFIG: 'other/my.toml' };
  const loaded = loadSettings({ folder, environment });
  expect(loaded.values).toEqual({ bucket: 'named' });
  expect(loaded.places.bucket?.place).toBe('other/my.toml:1');
});

test("on macOS the earlier runctl's own folder is looked at, when ~/.config has no file", () => {
  const earlier = 'Library/Application Support/runctl/config.toml';
  const home = temporaryFolder({ [earlier]: '' });
  expect(userSettingsFile({ HOME: home }, 'darwin')).toBe(`${home}/${earlier}`);
  expect(userSettingsFile({ HOME: home }, 'linux')).toBe(`${home}/.config/runctl/config.toml`);
  const both = temporaryFolder({ [earlier]: '', '.config/runctl/config.toml': '' });
  expect(userSettingsFile({ HOME: both }, 'darwin')).toBe(`${both}/.config/runctl/config.toml`);
});
