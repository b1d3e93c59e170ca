import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { cyclesOf, importsOf, readImportGraph, type ImportGraph } from '#test/import-graph.ts';

const root = join(import.meta.dirname, '..');

/** What each file may and may not import. The rules are in `.oxlintrc.json`; here they are broken on purpose. */
const walls: readonly { from: string; may: readonly string[]; mayNot: readonly string[] }[] = [
  { from: 'core/api/x.ts', may: ['#core/api/schema/y.ts', './y.ts', 'node:crypto'], mayNot: ['#core/kernel/y.ts', '#core/spi/y.ts', '#plugins/store/sqlite/y.ts', '#providers/local/y.ts', '#test/y.ts', '#examples/y.ts', 'inversify'] },
  { from: 'core/kernel/x.ts', may: ['#core/api/y.ts', 'inversify'], mayNot: ['#core/spi/y.ts', '#core/client/y.ts'] },
  { from: 'core/spi/x.ts', may: ['#core/api/y.ts', '#core/kernel/y.ts'], mayNot: ['#core/client/y.ts', '#core/store/y.ts', '#plugins/store/memory/y.ts', 'inversify'] },
  { from: 'core/registry/x.ts', may: ['#core/spi/y.ts', '#core/registry/rules/y.ts'], mayNot: ['#core/store/y.ts', '#core/client/y.ts', '#core/admission/y.ts', 'inversify'] },
  { from: 'core/store/x.ts', may: ['#core/spi/y.ts'], mayNot: ['#core/registry/y.ts', '#core/client/y.ts', '#core/apiserver/y.ts', '#plugins/store/sqlite/y.ts'] },
  { from: 'core/client/x.ts', may: ['#core/spi/y.ts'], mayNot: ['#core/registry/y.ts', '#core/store/y.ts', '#core/reconcile/y.ts'] },
  { from: 'core/admission/x.ts', may: ['#core/store/y.ts', '#core/registry/y.ts', '#core/client/y.ts'], mayNot: ['#core/reconcile/y.ts', '#core/apiserver/y.ts', '#core/authn/y.ts'] },
  { from: 'core/authn/x.ts', may: ['#core/client/y.ts'], mayNot: ['#core/admission/y.ts', '#core/authz/y.ts', '#core/apiserver/y.ts', '#core/cli/y.ts'] },
  { from: 'core/authz/x.ts', may: ['#core/client/y.ts'], mayNot: ['#core/admission/y.ts', '#core/authn/y.ts', '#core/apiserver/y.ts'] },
  { from: 'core/reconcile/x.ts', may: ['#core/client/y.ts', '#core/store/y.ts'], mayNot: ['#core/admission/y.ts', '#core/controllers/y.ts', '#core/apiserver/y.ts', 'inversify'] },
  { from: 'core/apiserver/x.ts', may: ['#core/admission/y.ts', '#core/authn/y.ts', '#core/store/y.ts', '#core/apiserver/http/y.ts'], mayNot: ['#core/controllers/y.ts', '#core/cli/y.ts', '#providers/local/y.ts', 'inversify'] },
  { from: 'core/admission/x.module.ts', may: ['inversify', '#core/store/y.ts'], mayNot: ['#core/apiserver/y.ts'] },
  { from: 'core/apiserver/x.module.ts', may: ['inversify', '#core/store/y.ts'], mayNot: ['#core/controllers/y.ts', '#plugins/store/sqlite/y.ts'] },
  { from: 'core/controllers/some/x.ts', may: ['#core/client/y.ts', '#core/reconcile/y.ts', '#core/spi/y.ts', '#core/controllers/other/y.ts'], mayNot: ['#core/registry/y.ts', '#core/store/y.ts', '#core/apiserver/y.ts', '#plugins/dns/coredns/y.ts', '#providers/local/y.ts', 'inversify'] },
  { from: 'core/controllers/x.module.ts', may: ['inversify', '#core/reconcile/y.ts'], mayNot: ['#core/store/y.ts', '#providers/local/y.ts'] },
  { from: 'core/scheduler/x.ts', may: ['#core/client/y.ts'], mayNot: ['#core/controllers/y.ts', '#core/store/y.ts'] },
  { from: 'core/agent/x.ts', may: ['#core/client/y.ts'], mayNot: ['#core/scheduler/y.ts', '#core/registry/y.ts'] },
  { from: 'core/cli/x.ts', may: ['inversify', '#core/apiserver/y.ts', '#core/controllers/y.ts'], mayNot: ['#providers/local/local.module.ts', '#plugins/store/sqlite/sqlite.module.ts', '#test/y.ts'] },
  { from: 'plugins/store/sqlite/x.ts', may: ['#core/client/y.ts', '#core/spi/y.ts', '#plugins/store/shared.ts', './y.ts'], mayNot: ['#core/reconcile/y.ts', '#core/store/y.ts', '#plugins/store/memory/y.ts', '#plugins/dns/coredns/coredns.module.ts', '#providers/local/y.ts', 'inversify'] },
  { from: 'plugins/store/sqlite/x.module.ts', may: ['inversify', '#core/spi/y.ts'], mayNot: ['#core/apiserver/y.ts', '#providers/local/y.ts'] },
  { from: 'providers/local/x.ts', may: ['#core/client/y.ts', '#core/spi/y.ts', '#plugins/runtime/docker/docker.module.ts', './y.ts'], mayNot: ['#core/reconcile/y.ts', '#core/registry/y.ts', '#core/cli/y.ts', '#plugins/runtime/docker/containers.ts', '#providers/aws/y.ts', 'inversify'] },
  { from: 'providers/local/x.module.ts', may: ['inversify', '#core/spi/y.ts'], mayNot: ['#core/store/y.ts', '#providers/aws/aws.module.ts'] },
  { from: 'test/conformance/x.ts', may: ['#core/spi/y.ts', '#test/fixtures/y.ts', 'chai'], mayNot: ['#plugins/store/memory/y.ts', '#providers/local/y.ts', '#core/store/y.ts'] },
  { from: 'test/emulators/aws/x.ts', may: ['#test/emulators/y.ts'], mayNot: ['#core/api/y.ts', '#providers/aws/y.ts'] },
  { from: 'core/store/x.test.ts', may: ['#test/fixtures/y.ts', '#plugins/store/memory/y.ts', 'chai', 'inversify'], mayNot: [] },
  { from: 'test/integration/x.ts', may: ['#core/store/y.ts', '#plugins/store/memory/y.ts'], mayNot: [] },
];

/** Every way in which TypeScript can name another module. */
const forms: Readonly<Record<string, (specifier: string) => string>> = {
  value: (specifier) => `import { a } from '${specifier}';\nexport const b = a;`,
  type: (specifier) => `import type { A } from '${specifier}';\nexport type B = A;`,
  'inline-type': (specifier) => `import { type A } from '${specifier}';\nexport type B = A;`,
  're-export': (specifier) => `export { a } from '${specifier}';`,
  'type-re-export': (specifier) => `export type { A } from '${specifier}';`,
  star: (specifier) => `export * from '${specifier}';`,
  'side-effect': (specifier) => `import '${specifier}';`,
  dynamic: (specifier) => `export const a = await import('${specifier}');`,
};

const otherRules: readonly { rule: string; file: string; code: string }[] = [
  { rule: 'import(no-relative-parent-imports)', file: 'core/store/parent.ts', code: 'import { a } from \'../api/y.ts\';\nexport const b = a;' },
  { rule: 'import(no-relative-parent-imports)', file: 'core/store/parent-type.ts', code: 'import type { A } from \'./../api/y.ts\';\nexport type B = A;' },
  { rule: 'typescript(consistent-type-imports)', file: 'core/store/import-type.ts', code: 'export type A = import(\'#core/cli/y.ts\').A;' },
  { rule: 'typescript(no-explicit-any)', file: 'core/store/any.ts', code: 'export const a = (value: any): unknown => value;' },
  { rule: 'typescript(no-floating-promises)', file: 'core/store/floating.ts', code: 'export const a = (): void => { Promise.resolve(1); };' },
  { rule: 'typescript(no-misused-promises)', file: 'core/store/misused.ts', code: 'export const a = (list: number[]): void => { list.forEach(async () => { await Promise.resolve(); }); };' },
  { rule: 'typescript(await-thenable)', file: 'core/store/thenable.ts', code: 'export const a = async (): Promise<number> => await 1;' },
  { rule: 'import(no-default-export)', file: 'core/store/default.ts', code: 'export default 1;' },
  { rule: 'eslint(no-restricted-imports)', file: 'core/store/process.ts', code: 'import { exec } from \'node:child_process\';\nexport const a = exec;' },
  { rule: 'eslint(no-restricted-properties)', file: 'core/controllers/now.ts', code: 'export const a = Date.now();' },
  { rule: 'eslint(no-restricted-globals)', file: 'core/reconcile/timer.ts', code: 'export const a = setTimeout(() => undefined, 1);' },
  { rule: 'eslint(complexity)', file: 'core/store/complex.ts', code: `export const a = (x: number): number => { ${Array.from({ length: 13 }, (_each, i) => `if (x === ${i}) return ${i + 1};`).join(' ')} return 0; };` },
];

describe('the lint rules', function () {
  let dir: string;
  /** File name to the rules that it breaks. */
  let broken: Map<string, string[]>;
  const plant = async (file: string, code: string): Promise<void> => {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), `${code}\n`);
  };
  const planted = (from: string, kind: string, specifier: string, form: string): string =>
    from.replace(/x(?=\.)/, `x-${kind}-${form}-${specifier.replaceAll(/\W+/g, '-').toLowerCase()}`);

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-lint-'));
    await cp(join(root, '.oxlintrc.json'), join(dir, '.oxlintrc.json'));
    await cp(join(root, 'tsconfig.json'), join(dir, 'tsconfig.json'));
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
    for (const { from, may, mayNot } of walls) {
      for (const specifier of may) await plant(planted(from, 'may', specifier, 'value'), forms['value']!(specifier));
      for (const specifier of mayNot) for (const [form, code] of Object.entries(forms)) await plant(planted(from, 'not', specifier, form), code(specifier));
    }
    for (const { file, code } of otherRules) await plant(file, code);
    const { stdout } = await execa('oxlint', ['--format', 'json'], { cwd: dir, preferLocal: true, localDir: root, reject: false });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
    broken = new Map();
    for (const { filename, code } of diagnostics) broken.set(filename, [...broken.get(filename) ?? [], code]);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  for (const { from, may, mayNot } of walls) {
    it(`hold for ${from}`, () => {
      const wronglyRefused = may.filter((specifier) => broken.get(planted(from, 'may', specifier, 'value'))?.includes('eslint(no-restricted-imports)'));
      const wronglyAllowed = mayNot.flatMap((specifier) => Object.keys(forms).filter((form) => !broken.get(planted(from, 'not', specifier, form))?.includes('eslint(no-restricted-imports)')).map((form) => `${specifier} (${form})`));
      expect({ wronglyRefused, wronglyAllowed }).to.deep.equal({ wronglyRefused: [], wronglyAllowed: [] });
    });
  }

  for (const { rule, file } of otherRules) {
    it(`see ${rule} broken in ${file}`, () => {
      expect(broken.get(file) ?? []).to.include(rule);
    });
  }

  it('know every folder of core', async () => {
    const folders = (await readdir(join(root, 'core'), { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const { overrides } = JSON.parse(await readFile(join(root, '.oxlintrc.json'), 'utf8')) as { overrides: { files: string[] }[] };
    expect(folders.filter((folder) => !overrides.some(({ files }) => files.includes(`core/${folder}/**`)))).to.deep.equal([]);
  });
});

describe('the import graph', () => {
  let graph: ImportGraph;
  let emulators: ImportGraph;
  before(async () => {
    graph = await readImportGraph(root, ['core', 'plugins', 'providers', 'examples']);
    emulators = await readImportGraph(root, ['test/emulators']);
  });

  it('has no cycle, not even of types', () => {
    expect(graph.size).to.be.greaterThan(20);
    expect(cyclesOf(graph)).to.deep.equal([]);
    expect(emulators.size).to.be.greaterThan(20);
    expect(cyclesOf(emulators)).to.deep.equal([]);
  });

  it('shows a cycle where there is one', () => {
    const cyclic = new Map([
      ['a.ts', importsOf('a.ts', 'import { b } from \'./b.ts\';')],
      ['b.ts', importsOf('b.ts', 'import {\n  type C,\n} from "#core/c.ts";')],
      ['core/c.ts', importsOf('core/c.ts', 'export const a = await import(\'./deep/d.ts\');')],
      ['core/deep/d.ts', importsOf('core/deep/d.ts', 'import type { B } from \'#b.ts\';')],
      ['e.ts', importsOf('e.ts', '// import \'./e.ts\';\nimport \'./a.ts\';')],
    ]);
    expect(cyclesOf(cyclic)).to.deep.equal([['b.ts', 'core/c.ts', 'core/deep/d.ts']]);
  });

  it('leads only to files that exist', () => {
    const missing = [...graph, ...emulators].flatMap(([file, imports]) => imports.filter((path) => path.endsWith('.ts') && !graph.has(path) && !emulators.has(path)).map((path) => `${file} → ${path}`));
    expect(missing).to.deep.equal([]);
  });

  it('needs no package that a user would not get', async () => {
    const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const packageOf = (specifier: string): string => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
    // An operator under test is a program of its own, with packages of its own.
    const own: Readonly<Record<string, readonly string[]>> = { 'examples/test-an-operator/website-operator.ts': ['@kubernetes/client-node'] };
    // Who enables one of these providers installs its packages, which the published package names as optional peers.
    const optional: readonly (readonly [string, RegExp])[] = [['providers/aws/', /^@aws-sdk\/client-(ec2|elastic-load-balancing-v2)$/], ['providers/gcp/', /^@google-cloud\/compute$/]];
    const isOptional = (file: string, name: string): boolean => optional.some(([folder, packages]) => file.startsWith(folder) && packages.test(name));
    const foreign = [...graph].flatMap(([file, imports]) => imports.filter((path) => !path.endsWith('.ts') && !path.startsWith('node:') && !(packageOf(path) in dependencies) && !own[file]?.includes(packageOf(path)) && !isOptional(file, packageOf(path))).map((path) => `${file} → ${path}`));
    expect(foreign).to.deep.equal([]);
  });
});
