import { existsSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, type WorkerOptions } from '@temporalio/worker';
import { findPackageRoot } from '../aws/package-root';

/** Where the build puts the bundle. */
export const bundleFile = (): string =>
  path.join(findPackageRoot(), 'dist', 'worker', 'workflow-bundle.js');

/**
 * The workflows as the worker wants them: the bundle of the build when this code is the build's, else bundled now from
 * the sources beside it, so that a changed workflow is never run from an old bundle.
 */
export async function workflowCode(): Promise<NonNullable<WorkerOptions['workflowBundle']>> {
  const file = bundleFile();
  const isBuilt = __dirname === path.dirname(file);
  return isBuilt && existsSync(file) ? { codePath: file } : bundleWorkflows();
}

/** Bundles the workflows; about a second. */
export function bundleWorkflows(): Promise<{ code: string }> {
  return bundleWorkflowCode({ workflowsPath: require.resolve('../workflows') });
}
