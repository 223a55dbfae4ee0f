// One direction: client → workflows → activities → aws → domain; settings/ and temporal/ serve client and worker alike.
// What may not be imported, and why.
/** @type {(name: string, comment: string, from: string, to: object) => object} */
const forbid = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to,
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'A cycle hides the direction in which a run flows.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    forbid('domain-imports-nothing', 'Words and pure decisions depend on nothing.', '^domain/', {
      pathNot: '^domain/',
    }),
    forbid(
      'workflows-see-domain-only',
      'A workflow is deterministic: domain, the SDK, and types of the contract.',
      '^workflows/',
      {
        pathNot:
          '(^workflows/|^domain/|^activities/contract\\.ts$|node_modules/@temporalio/(workflow|common)/)',
      },
    ),
    forbid(
      'workflows-see-contract-types-only',
      'A value import would pull activity code into the workflow bundle.',
      '^workflows/',
      { path: '^activities/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'contract-is-pure-types',
      'The contract is what a workflow may ask for.',
      '^activities/contract\\.ts$',
      {
        pathNot: '^domain/',
      },
    ),
    forbid(
      'activities-down',
      'Activities call aws and domain, nothing above them.',
      '^activities/',
      {
        path: '^(bench|client|settings|temporal|worker|workflows|local-cloud|test)/',
      },
    ),
    forbid('aws-down', 'aws talks to the cloud and returns domain words.', '^aws/', {
      path: '^(bench|client|settings|temporal|worker|workflows|activities|local-cloud|test)/',
    }),
    forbid(
      'settings-down',
      'What the user has set, for whoever asks; it reaches nobody itself.',
      '^settings/',
      { path: '^(activities|bench|client|local-cloud|temporal|test|worker|workflows)/' },
    ),
    forbid(
      'temporal-down',
      'How a Temporal server is reached, for client and worker alike.',
      '^temporal/',
      { path: '^(activities|aws|bench|client|local-cloud|settings|test|worker)/' },
    ),
    forbid('worker-down', 'The worker runs without a client.', '^worker/', {
      path: '^(bench|client|local-cloud|test)/',
    }),
    forbid(
      'bench-is-not-imported',
      'A measurement looks at the product from outside.',
      '^(activities|aws|client|domain|local-cloud|settings|temporal|worker|workflows)/',
      { path: '^bench/' },
    ),
    forbid('client-does-not-run-activities', 'A client starts and reads runs.', '^client/', {
      path: '^activities/',
    }),
    forbid(
      'worker-is-not-imported',
      'The worker is a process: it is run, not imported.',
      '^(client|workflows|activities|aws|domain|local-cloud|settings|temporal)/',
      {
        path: '^worker/',
      },
    ),
    forbid(
      'local-cloud-is-the-other-side',
      'The stand-in shares nothing with us but the wire.',
      '^local-cloud/',
      {
        path: '^(activities|aws|client|domain|settings|temporal|worker|workflows)/',
      },
    ),
    forbid(
      'nobody-imports-local-cloud',
      'It is reached over the wire.',
      '^(activities|aws|client|domain|settings|temporal|worker|workflows)/',
      {
        path: '^local-cloud/',
      },
    ),
    forbid(
      'aws-sdk-in-aws-only',
      'There is one implementation of every cloud call.',
      '^(activities|client|domain|settings|temporal|worker|workflows)/',
      { path: 'node_modules/(@aws-sdk|@smithy)/' },
    ),
    {
      name: 'no-orphans',
      comment: 'A file that nothing reaches is dead or forgotten.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['(^|/)(main|index)\\.ts$', '\\.test\\.ts$', '^(bench|domain)/'],
      },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.test\\.ts$' },
  },
};
