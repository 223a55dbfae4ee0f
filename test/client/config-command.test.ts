import { readFileSync, statSync, symlinkSync, chmodSync, lstatSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'smol-toml';
import { setInFile } from '../../settings/edit-settings';
import { settingKeys } from '../../settings/setting-keys';
import { listKeys, meaningOf } from '../../settings/setting-source';
import { settingsTemplate } from '../../settings/settings-template';
import { documentOf, runctl } from './support/command-line';
import { failureOf } from './support/failure-of';
import { temporaryFolder } from './support/temporary-folder';

const file = `# ours
bucket = "b" # keep me
zones = [
  "us-east-1a",
]

[aws]
region = "us-east-1"   # home
use_spot = true

[checkpoint]
keep_last_n = 3
`;

test.each([
  ['bucket', 'c#d', 'bucket = "b" # keep me', 'bucket = "c#d" # keep me'],
  ['aws.region', 'eu-west-1', 'region = "us-east-1"   # home', 'region = "eu-west-1"   # home'],
  ['region', 'eu-west-1', 'region = "us-east-1"   # home', 'region = "eu-west-1"   # home'],
  ['purchase', 'on-demand', 'use_spot = true', 'use_spot = false'],
  ['checkpoint.keep_last_n', '9', 'keep_last_n = 3', 'keep_last_n = 9'],
  ['ami', 'ami-1', ']\n\n[aws]', ']\n\n[aws]'],
])('setting %s to %s changes that line only', (key, value, before, after) => {
  const written = setInFile(file, key, value);
  const added = key === 'ami' ? 'ami = "ami-1"\n' : '';
  const kept = written.replace(added, '').replace(after, before);
  expect(kept).toBe(file);
  expect(written).toContain(after);
  expect(parse(written)).not.toEqual(parse(file));
});

test('lists and numbers are written as such, and an empty file gets its first line', () => {
  expect(setInFile('', 'subnets', 'subnet-1, subnet-2')).toBe(
    'subnets = ["subnet-1", "subnet-2"]\n',
  );
  expect(parse(setInFile(settingsTemplate, 'lease_seconds', '60'))).toEqual({ lease_seconds: 60 });
});

test.each([
  ['zones', 'us-east-1b', 'zones is written in a way that only a person can edit.'],
  ['buckett', 'x', 'there is no setting "buckett".'],
  ['monitoring.log_dir', 'x', 'monitoring.log_dir means nothing any more: logs are kept'],
  ['checkpoint.region', 'x', 'there is no setting "checkpoint.region".'],
  ['lease_seconds', 'long', 'lease_seconds: '],
  ['purchase', 'lottery', 'purchase: expected "spot" or "on-demand", got "lottery"'],
])('%s = %s is refused', (key, value, message) => {
  const failure = failureOf(() => setInFile(file, key, value));
  expect(failure.code).toBe('invalid-input');
  expect(failure.message).toContain(message);
});

test('the template names every setting, and each line of it can be used', () => {
  const shown = settingsTemplate
    .split('\n')
    .flatMap((line) => /^# (\[\w+\]|\w+ = .*)/.exec(line)?.[1] ?? []);
  const names = listKeys(parse(shown.join('\n'))).map(({ section, key, value }) => {
    const meaning = meaningOf(section, key);
    if (meaning?.kind !== 'setting') throw new Error(`Nobody knows ${section ?? ''}.${key}.`);
    expect(settingKeys[meaning.name].schema.safeParse(value).success).toBe(true);
    return meaning.name;
  });
  expect(names.toSorted()).toEqual(Object.keys(settingKeys).sort());
});

test('init, set, show and validate work on one file, and init never overwrites', async () => {
  const folder = temporaryFolder();
  const run = (...args: string[]) => runctl([...args, '--config', 'my.toml'], { folder });
  expect(await runctl(['init', '--config-path', 'my.toml'], { folder })).toMatchObject({ code: 0 });
  chmodSync(path.join(folder, 'my.toml'), 0o600);
  symlinkSync('my.toml', path.join(folder, 'link.toml'));
  const set = await runctl(['config', 'set', 'bucket', 'b', '--config', 'link.toml'], { folder });
  expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('Wrote bucket') as string });
  expect(lstatSync(path.join(folder, 'link.toml')).isSymbolicLink()).toBe(true);
  expect(statSync(path.join(folder, 'my.toml')).mode & 0o777).toBe(0o600);
  const content = readFileSync(path.join(folder, 'my.toml'), 'utf8');
  expect(content.replace('bucket = "b"\n', '')).toBe(settingsTemplate);

  const [show, valid, again, missing] = await Promise.all([
    run('config', 'show', '--output', 'json'),
    run('config', 'validate'),
    runctl(['init', '--config-path', 'my.toml'], { folder }),
    runctl(['aws', 'list', '-c', 'nowhere.toml'], { folder }),
  ]);
  expect(documentOf(show)).toMatchObject({
    settings: { bucket: { value: 'b', place: expect.stringMatching(/^my\.toml:\d+$/) as string } },
    warnings: [],
  });
  expect(valid).toMatchObject({ code: 0, stdout: expect.stringContaining('Usable: ') as string });
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('my.toml already.');
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('there is no settings file');
  expect(readFileSync(path.join(folder, 'my.toml'), 'utf8')).toBe(content);
});

test('every command tells what a file of the earlier runctl holds that does not count', async () => {
  const folder = temporaryFolder({
    '.runctl.toml': 'cloud = "local"\n[monitoring]\nlog_dir = "logs"\nloud = true\n',
  });
  const { code, stderr } = await runctl(['config', 'validate'], { folder });
  expect(code).toBe(0);
  expect(stderr).toContain('warning: .runctl.toml:4: unknown key "monitoring.loud"');
  expect(stderr).toContain('note: .runctl.toml:3: monitoring.log_dir means nothing any more');
});
