/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
  testSequencer: '<rootDir>/test/support/stories-first.cjs',
  testTimeout: 60_000,
  // More than the cores of a small machine: most tests wait for processes, servers and clocks.
  maxWorkers: 3,
};
