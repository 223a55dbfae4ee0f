import { architectureOf } from '../../client/images/build-image';
import { repositoryName } from '../../client/images/publish-image';
import { runctl } from './support/command-line';
import { temporaryFolder } from './support/temporary-folder';

const folder = temporaryFolder({ 'train.py': 'print(1)', '.runctl.toml': 'cloud = "local"' });
const train = (...args: string[]) => runctl(['aws', 'train', 'train.py', ...args], { folder });

test('an image and a Dockerfile at once are refused, and so is what belongs to a container without one', async () => {
  const both = await train('--docker-image', 'a', '--dockerfile', 'b');
  expect(both.code).toBe(2);
  expect(both.stderr).toContain('--docker-image, --dockerfile: expected one of the two, got both');
  const none = await train('--docker-metadata', 'passed', '--docker-keep', 'image');
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('--docker-metadata: expected --docker-image or --dockerfile');
  expect(none.stderr).toContain('--docker-keep: expected --docker-image or --dockerfile');
});

test.each([
  [[], 'amd64'],
  [['g5.xlarge', 'p4d.24xlarge', 'm5.large'], 'amd64'],
  [['g5g.xlarge', 'c7gn.large', 'm6gd.large', 'a1.large'], 'arm64'],
  [['g5.xlarge', 'g5g.xlarge'], 'amd64'],
])('an image for %j is built for %s', (instanceTypes, architecture) => {
  expect(architectureOf(instanceTypes)).toBe(architecture);
});

test.each([
  ['/home/ada/My Project_2', 'runctl/my-project-2'],
  ['/home/ada/--', 'runctl/project'],
  ['/', 'runctl/project'],
  [`/${'ab-'.repeat(50)}`, `runctl/${'ab-'.repeat(33)}a`],
])('images of the project in %s go to %s', (root, repository) => {
  expect(repositoryName(root)).toBe(repository);
  expect(repository).toMatch(/^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/);
});
