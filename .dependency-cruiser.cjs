/** The direction of imports: miniqueue, ministate -> minisnap -> ministore. */
const packageRule = (name, forbidden) => ({
  name: `${name}-knows-nothing-above-it`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: { path: `^packages/(${forbidden})/` },
})

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    packageRule('ministore', 'minisnap|ministate|miniqueue'),
    {
      name: 'what-is-shipped-knows-nothing-of-its-tests',
      severity: 'error',
      from: { path: '^packages/(?!testkit)[^/]+/src/' },
      to: { path: '^packages/(testkit/|[^/]+/(test|proof)/)' },
    },
    {
      name: 'the-testkit-knows-the-packages-by-their-types-only',
      severity: 'error',
      from: { path: '^packages/testkit/src/' },
      to: { path: '^packages/(?!testkit)', dependencyTypesNot: ['type-only'] },
    },
    packageRule('minisnap', 'ministate|miniqueue'),
    packageRule('ministate', 'miniqueue'),
    packageRule('miniqueue', 'ministate'),
    {
      name: 'no-deep-imports',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: {
        path: '^packages/([^/]+)/(src|dist)/(?!index\\.|fs/index\\.|fs\\.|seal\\.|codec/msgpack\\.|msgpack\\.|values\\.|vitest/index\\.|testing|disk\\.)',
        pathNot: '^packages/$2/',
      },
    },
    {
      name: 'nobody-imports-its-own-index',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: { path: '^packages/$1/src/(fs/|vitest/)?index\\.ts$' },
    },
    {
      name: 'the-disk-stands-behind-the-port',
      severity: 'error',
      from: {
        path: '^packages/(ministore|minisnap|ministate|miniqueue)/src/',
        pathNot: '^packages/(ministore/src/fs|miniqueue/src/cli)/',
      },
      to: { path: '^(node:)?(fs|fs/promises|child_process|os)$' },
    },
    {
      name: 'the-core-of-ministore-knows-no-node',
      severity: 'error',
      from: {
        path: '^packages/ministore/src/',
        pathNot: '^packages/ministore/src/(fs|platform|cli)/',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-command-stands-above-the-library',
      severity: 'error',
      from: { path: '^packages/ministore/src/', pathNot: '^packages/ministore/src/cli/' },
      to: { path: '^packages/ministore/src/cli/|node_modules/(commander|cli-progress)/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|reports)/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
