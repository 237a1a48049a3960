// The walls of the house: arrows point one way, cli -> experiment, report -> sim | hw -> scheduler, workload, metrics.
const rooms = (...names) => `^src/(${names.join('|')})/`;

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'units-know-nothing',
      severity: 'error',
      from: { path: rooms('units') },
      to: { path: '^src/', pathNot: rooms('units') },
    },
    {
      name: 'input-knows-only-units',
      severity: 'error',
      from: { path: rooms('input') },
      to: { path: '^src/', pathNot: rooms('input', 'units') },
    },
    {
      name: 'a-run-loads-no-zod',
      comment: 'zod takes as long to load as a short run takes.',
      severity: 'error',
      from: { path: rooms('units', 'input', 'scheduler', 'workload', 'metrics', 'sim', 'check') },
      to: { path: 'node_modules/zod' },
    },
    {
      name: 'results-know-nothing',
      comment: 'Schemas are plain data.',
      severity: 'error',
      from: { path: rooms('results') },
      to: { path: '^src/', pathNot: rooms('results', 'units') },
    },
    {
      name: 'scheduler-knows-only-units',
      comment: 'A policy knows neither world, no workload and no metrics.',
      severity: 'error',
      from: { path: rooms('scheduler') },
      to: { path: '^src/', pathNot: rooms('scheduler', 'units') },
    },
    {
      name: 'workload-knows-only-input-and-units',
      severity: 'error',
      from: { path: rooms('workload') },
      to: { path: '^src/', pathNot: rooms('workload', 'input', 'units') },
    },
    {
      name: 'files-know-only-workload-and-units',
      severity: 'error',
      from: { path: rooms('files') },
      to: { path: '^src/', pathNot: rooms('files', 'workload', 'units') },
    },
    {
      name: 'metrics-know-only-results-and-units',
      severity: 'error',
      from: { path: rooms('metrics') },
      to: { path: '^src/', pathNot: rooms('metrics', 'results', 'units') },
    },
    {
      name: 'events-know-only-the-scheduler',
      severity: 'error',
      from: { path: rooms('events') },
      to: { path: '^src/', pathNot: rooms('events', 'files', 'scheduler', 'metrics', 'input', 'results', 'units') },
    },
    {
      name: 'data-knows-no-world',
      comment: 'Logs in, workloads out; a command simulates what came out.',
      severity: 'error',
      from: { path: rooms('data') },
      to: { path: '^src/', pathNot: rooms('data', 'files', 'workload', 'metrics', 'input', 'results', 'units') },
    },
    {
      name: 'policy-files-know-only-the-scheduler',
      severity: 'error',
      from: { path: rooms('policy-files') },
      to: { path: '^src/', pathNot: rooms('policy-files', 'scheduler', 'units', 'input') },
    },
    {
      name: 'check-knows-the-simulator',
      comment: 'The referee and the properties run in any test runner, and in a browser.',
      severity: 'error',
      from: { path: rooms('check') },
      to: {
        path: '^src/',
        pathNot: rooms('check', 'sim', 'metrics', 'results', 'workload', 'scheduler', 'input', 'units'),
      },
    },
    {
      name: 'sim-does-not-know-hw',
      severity: 'error',
      from: { path: rooms('sim') },
      to: { path: rooms('hw', 'experiment', 'report', 'cli', 'check') },
    },
    {
      name: 'hw-does-not-know-sim',
      severity: 'error',
      from: { path: rooms('hw') },
      to: { path: rooms('sim', 'experiment', 'report', 'cli', 'check') },
    },
    {
      name: 'nobody-imports-the-library',
      comment: 'What programs import; psp itself goes past it.',
      severity: 'error',
      from: { pathNot: rooms('library') },
      to: { path: rooms('library') },
    },
    {
      name: 'nobody-imports-the-cli',
      severity: 'error',
      from: { pathNot: rooms('cli') },
      to: { path: rooms('cli') },
    },
    {
      name: 'report-does-not-know-experiment',
      severity: 'error',
      from: { path: rooms('report') },
      to: { path: rooms('experiment', 'cli', 'hw') },
    },
    {
      name: 'experiment-does-not-know-report',
      comment: 'What both need is in results.',
      severity: 'error',
      from: { path: rooms('experiment') },
      to: { path: rooms('report', 'cli') },
    },
    {
      name: 'pure-rooms-use-nothing-of-node',
      comment: 'scheduler, workload, sim, check and metrics run unchanged in a browser worker.',
      severity: 'error',
      from: { path: rooms('units', 'input', 'scheduler', 'workload', 'sim', 'metrics', 'results', 'check') },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pages-use-nothing-of-node',
      comment: 'Charts and views run in a report page, which has nothing but its own modules; only page/ knows a DOM.',
      severity: 'error',
      from: { path: '^src/report/(charts|view|page)/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'nobody-imports-the-page',
      severity: 'error',
      from: { pathNot: '^src/(report|lab)/page/' },
      to: { path: '^src/(report|lab)/page/' },
    },
    {
      name: 'lab-knows-what-runs-in-a-browser',
      comment: 'The laboratory is one file without a network: all of it runs in a page and its workers.',
      severity: 'error',
      from: { path: rooms('lab') },
      to: {
        path: '^src/',
        pathNot: [
          rooms('lab', 'report', 'check', 'sim', 'metrics', 'results', 'workload', 'scheduler', 'input', 'units'),
          '^src/experiment/(plan|run|sweep/command-of)',
          '^src/policy-files/check-metadata',
        ],
      },
    },
    {
      name: 'lab-uses-nothing-of-node',
      severity: 'error',
      from: { path: rooms('lab') },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nobody-imports-the-lab',
      comment: 'The build makes one file of it, which the command line serves.',
      severity: 'error',
      from: { path: '^src/', pathNot: rooms('lab') },
      to: { path: rooms('lab') },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'src-does-not-import-dev-tools',
      severity: 'error',
      // What the page of the laboratory imports is in its bundle.
      from: { path: '^src/', pathNot: '^src/lab/page/' },
      // Optional peers are installed for development.
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
};
