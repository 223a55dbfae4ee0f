// Compiles to dist/, from nothing, so that no file of an earlier layout lives on there.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
chmodSync('dist/client/main.js', 0o755);

// The program of a local instance is Python, of which tsc copies nothing.
cpSync('local-cloud/instance', 'dist/local-cloud/instance', { recursive: true });

// Bundled once here, so that no worker spends its start on it.
execFileSync(process.execPath, ['dist/worker/bundle.js'], { stdio: 'inherit' });
