import { specDefaults } from '../../domain/run-spec-rules';

/** The smallest spec there is. */
export const smallSpec = (runId: string) => ({
  runId,
  code: { sha256: 'a'.repeat(64), sizeBytes: 1_000 },
  script: 'train.py',
  capacity: { kind: 'launch', instanceTypes: ['g5.xlarge'] },
});

/** What the supervisor is told of a spec that asks for nothing special. */
export const plainStart = {
  environment: {},
  completion: specDefaults.completion,
  secrets: {},
  data: specDefaults.data,
  dependencies: 'none',
  container: null,
} as const;
