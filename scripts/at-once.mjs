// Runs npm scripts at the same time and fails if one failed. The last one is shown live, the others once they have ended.
import { spawn } from 'node:child_process';

const names = process.argv.slice(2);
const codes = await Promise.all(names.map(run));
const failed = names.filter((_, index) => codes[index] !== 0);
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.map((name) => `npm run ${name}`).join(', ')}`);
  process.exitCode = 1;
}

function run(name) {
  const startedAt = Date.now();
  const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] });
  const isLive = name === names.at(-1);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      if (isLive) process.stdout.write(text);
      else said += text;
    });
  }
  return new Promise((resolve) => {
    child.once('close', (code) => {
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      process.stdout.write(`== ${name}: ${code === 0 ? 'good' : 'FAILED'} (${seconds} s)\n${said}`);
      resolve(code);
    });
  });
}
