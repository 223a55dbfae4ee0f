/** The smallest spec there is. */
export const smallSpec = (runId: string) => ({
  runId,
  code: { sha256: 'a'.repeat(64), sizeBytes: 1_000 },
  script: 'train.py',
  capacity: { kind: 'launch', instanceTypes: ['g5.xlarge'] },
});
