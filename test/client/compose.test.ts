import { spawnSync } from 'node:child_process';
import path from 'node:path';

const file = path.resolve(__dirname, '../../docker-compose.temporal.yml');
const hasCompose = spawnSync('docker-compose', ['version']).status === 0;

(hasCompose ? test : test.skip)('docker compose accepts the file of the production server', () => {
  const { status, stdout, stderr } = spawnSync('docker-compose', ['-f', file, 'config'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const images = [...stdout.matchAll(/image: (\S+)/g)].map(([, image]) => image);
  expect(images).toHaveLength(3);
  for (const image of images) expect(image).toMatch(/:\d+\.\d+/);
  const ports = [...stdout.matchAll(/^ +- (\S+:\d+:\d+)/gm)].map(([, mapping]) => mapping);
  for (const mapping of ports) expect(mapping).toMatch(/^127\.0\.0\.1:/);
});
