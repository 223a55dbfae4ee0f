import { writeFileSync } from 'node:fs';
import { bundleFile, bundleWorkflows } from './workflow-code';

/** Run once by the build, so that no worker spends its start on bundling. */
async function main(): Promise<void> {
  writeFileSync(bundleFile(), (await bundleWorkflows()).code);
}

void main();
