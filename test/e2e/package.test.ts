import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, matchesGlob } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Client } from '#core/client/client.ts';
import { HttpClient } from '#core/client/http-client.ts';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { linux, requires } from '#test/fixtures/requires.ts';
import { root, until } from './harness.ts';

/** How npm says that it reaches no registry, or only a proxy that keeps it from one. */
const offline = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EIDLETIMEOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR|E403|E407|E50\d)\b/;

/** What a user writes in TypeScript. */
const typed = `
  import { startControlPlane, type ControlPlane } from 'keelson';
  import { Deployment } from 'keelson/core/api/schema/apps-v1';
  import { ConfigMap } from 'keelson/core/api/schema/core-v1';
  import { customKind } from 'keelson/core/api/schema/custom-kind';
  import type { KubernetesObject } from 'keelson/core/api/schema/kind';
  import { StatusError } from 'keelson/core/api/status-error';

  interface Website extends KubernetesObject { spec: { page: string } }
  const Website = customKind<Website>({ group: 'example.com', version: 'v1', kind: 'Website' });
  await using plane: ControlPlane = await startControlPlane({ crds: [{
    metadata: { name: 'websites.example.com' },
    spec: {
      group: 'example.com', scope: 'Namespaced', names: { plural: 'websites', kind: 'Website' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: {
        type: 'object', properties: { spec: { type: 'object', properties: { page: { type: 'string' } }, 'x-kubernetes-validations': [{ rule: 'self.page.size() < 10' }] } },
      } } }],
    },
  }] });
  const user = await plane.clientFor({ name: 'jane', groups: ['system:masters'] });
  const site = await user.create(Website, { metadata: { namespace: 'default', name: 'hello' }, spec: { page: 'short' } });
  const refused = await user.create(Website, { metadata: { namespace: 'default', name: 'long' }, spec: { page: 'much too long' } }).catch((error: unknown) => error);
  const map = await plane.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'a' }, data: { page: site.spec.page } });
  // @ts-expect-error a ConfigMap has no spec
  void map.spec;
  // @ts-expect-error a page is a text
  void user.create(Website, { metadata: { name: 'x' }, spec: { page: 1 } }).catch(() => undefined);
  console.log(JSON.stringify([map.data?.['page'], StatusError.is(refused, 'Invalid'), Deployment.plural, (await user.list(Website)).items.length]));
`;

/** What a user writes in JavaScript, with everything that is built in. */
const plain = `
  import { setTimeout as delay } from 'node:timers/promises';
  import { startControlPlane } from 'keelson';
  import { PersistentVolumeClaim } from 'keelson/core/api/schema/core-v1';
  import { StorageClass } from 'keelson/core/api/schema/storage-v1';
  import { loadModule } from 'keelson/core/cli/load-module';

  const plane = await startControlPlane({ store: 'sqlite', providers: ['local', './driver/folder.module.ts'] });
  await plane.client.create(StorageClass, { metadata: { name: 'folders' }, provisioner: 'folder.example.com', volumeBindingMode: 'Immediate' });
  const key = { namespace: 'default', name: 'data' };
  await plane.client.create(PersistentVolumeClaim, { metadata: key, spec: { storageClassName: 'folders', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } });
  for await (const { object } of plane.client.watch(PersistentVolumeClaim, {}, AbortSignal.timeout(20_000))) if (object.status?.phase === 'Bound') break;
  const classes = await plane.client.list(StorageClass);
  await plane.stop();
  await delay(50);
  const names = await Promise.all(['sqlite', 'memory', 'etcd'].map(async (name) => (await loadModule('store', name)).name));
  console.log(JSON.stringify({ names, classes: classes.items.map(({ metadata }) => metadata.name), open: process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY)/.test(name)) }));
`;

/** Every module but those that act when they are loaded, programs and worker threads, and those that need packages which are their users' to install. */
const everything = `
  import { glob } from 'node:fs/promises';
  import { resolve } from 'node:path';
  let count = 0;
  for await (const file of glob('node_modules/keelson/{core,plugins,providers}/**/*.js')) {
    if (/(cli\\/main|crash-\\w+|worker)\\.js$|providers\\/(aws|gcp)\\//.test(file)) continue;
    await import(resolve(file));
    count++;
  }
  console.log(count);
`;

describe('the npm package', function () {
  this.timeout(120_000);
  let dir: string;
  let project: string;
  let installed: string;
  let temp: string;

  // The Node that runs the tests, whatever the machine has.
  const env = () => ({ PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`, TMPDIR: temp, HOME: process.env['HOME'] ?? '', CI: '', NODE_OPTIONS: '' });
  const run = (program: string, args: readonly string[], cwd = project) => execa(program, args, { cwd, env: env(), extendEnv: true, stdin: 'ignore', reject: false, timeout: 100_000 });
  const succeeds = async (program: string, args: readonly string[], cwd?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(program, args, cwd);
    expect(exitCode, `${program} ${args.join(' ')}\n${stdout}\n${stderr}`).to.equal(0);
    return stdout;
  };

  /** npm keeps a cache of its own there. */
  const temporary = async (): Promise<string[]> => (await readdir(temp)).filter((name) => name.startsWith('keelson'));

  before(async function () {
    this.timeout(300_000);
    dir = await mkdtemp(join(tmpdir(), 'keelson-package-'));
    [project, temp] = [join(dir, 'project'), join(dir, 'temp')];
    installed = join(project, 'node_modules', 'keelson');
    await Promise.all([project, temp].map((folder) => mkdir(folder)));
    await succeeds(process.execPath, [join(root, '.scripts', 'build.ts'), join(dir, 'dist')], root);
    const [{ filename }] = JSON.parse(await succeeds('npm', ['pack', '--json', '--pack-destination', dir], join(dir, 'dist'))) as [{ filename: string }];
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
    const beside = { inversify: dependencies?.['inversify'], mocha: devDependencies?.['mocha'], chai: devDependencies?.['chai'] };
    await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module', dependencies: { keelson: `file:${join(dir, filename)}`, ...beside } }));
    const { exitCode, stderr } = await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', '--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=15000']);
    if (exitCode !== 0 && offline.test(stderr)) requires({ name: 'the npm registry', isMet: () => false }).call(this);
    expect(exitCode, stderr).to.equal(0);
    await cp(join(root, 'examples', 'write-a-driver'), join(project, 'driver'), { recursive: true });
    for (const name of await readdir(join(project, 'driver'))) {
      const text = await readFile(join(project, 'driver', name), 'utf8');
      await writeFile(join(project, 'driver', name), text.replaceAll(/'#((?:core|test)\/[^']*)\.ts'/g, '\'keelson/$1\''));
    }
  });
  after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));

  it('holds what users need, and nothing of the tests', async () => {
    const names = (await readdir(installed, { recursive: true })).filter((name) => !name.startsWith('node_modules'));
    expect(names).to.include.members(['package.json', 'README.md', 'LICENSE', 'core/cli/start-control-plane.d.ts', 'examples/dynamic-volume/2-claim.yaml', 'test/conformance/volume-driver.js']);
    expect(names.filter((name) => /\.test\.|(?<!\.d)\.ts$|crash-|test-platform|integration|e2e/.test(name))).to.deep.equal([]);
    const made = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { bin: { keelson: string }; exports: Record<string, string> };
    expect(made).to.include.keys('name', 'version', 'license', 'bin', 'exports', 'dependencies').and.not.have.any.keys('private', 'devDependencies', 'scripts');
    expect(await readFile(join(installed, 'README.md'), 'utf8')).to.equal(await readFile(join(root, 'README.md'), 'utf8'));
    expect((await stat(join(installed, made.bin.keelson))).mode & 0o111).to.equal(0o111);
    // What users name leads to a file, with its types.
    const targets = Object.values(made.exports).filter((path) => path.endsWith('.js')).map((path) => path.slice(2));
    for (const target of targets) for (const path of [target, target.replace(/\.js$/, '.d.ts')]) expect(names.some((name) => matchesGlob(name, path.replace('*', '**/*'))), path).to.equal(true);
  });

  it('has every module load with nothing but its dependencies', async () => {
    await writeFile(join(project, 'everything.mjs'), everything);
    expect(Number(await succeeds(process.execPath, ['everything.mjs']))).to.be.greaterThan(500);
  });

  it('is a library for JavaScript, with the built-in stores and providers and a driver that somebody else wrote', async () => {
    await writeFile(join(project, 'plain.mjs'), plain);
    const { names, classes, open } = JSON.parse(await succeeds(process.execPath, ['plain.mjs'])) as { names: string[]; classes: string[]; open: string[] };
    expect(names).to.deep.equal(['sqlite', 'memory', 'etcd']);
    expect(classes).to.include.members(['local', 'folders']);
    expect(open).to.deep.equal([]);
    expect(await temporary()).to.deep.equal([]);
  });

  it('is a library for TypeScript, whose types hold under every check', async () => {
    await writeFile(join(project, 'typed.ts'), typed);
    const types = join(project, 'node_modules', '@types');
    await mkdir(types, { recursive: true });
    for (const name of ['node', 'mocha', 'chai']) await symlink(join(root, 'node_modules', '@types', name), join(types, name)).catch(() => undefined);
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { module: 'nodenext', strict: true, noEmit: true, skipLibCheck: false, allowImportingTsExtensions: true, types: ['node', 'mocha'] },
      include: ['typed.ts', 'driver', ...['core', 'plugins', 'providers/local', 'test'].map((folder) => `node_modules/keelson/${folder}/**/*.d.ts`)], exclude: [],
    }));
    expect(await succeeds(join(root, 'node_modules', '.bin', 'tsc'), ['--project', project])).to.equal('');
    expect(JSON.parse(await succeeds(process.execPath, ['typed.ts']))).to.deep.equal(['short', true, 'deployments', 1]);
  });

  it('brings the kit that a driver must pass', async () => {
    const output = await succeeds('npx', ['--no', 'mocha', '--reporter', 'dot', 'driver/*.test.ts']);
    expect(Number(/(\d+) passing/.exec(output)?.[1])).to.be.greaterThan(20);
  });

  describe('is a command', () => {
    /** Runs `keelson up` for as long as it is used. */
    const up = async (flags: readonly string[], use: (client: Client, dataDir: string) => Promise<void>): Promise<void> => {
      const data = await mkdtemp(join(dir, 'data-'));
      const child = execa('npx', ['--no', 'keelson', 'up', '--port', '0', '--nodes', '0', '--data-dir', data, ...flags], { cwd: project, env: env(), stdin: 'ignore', reject: false, detached: true, all: true });
      let output = '';
      child.all.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      let ended = false;
      void child.then(() => (ended = true));
      try {
        await until(() => output.includes('Ctrl-C') || ended, 'the summary', 30_000);
        expect(output).to.include(`kubectl apply -f node_modules/keelson/examples/dynamic-volume/`);
        const client = new HttpClient(readKubeconfig(await readFile(join(data, 'kubeconfig'), 'utf8')), { clock: systemClock });
        await use(client, data);
        client.close();
      } finally {
        // As Ctrl-C in a terminal: npx does not hand signals on.
        if (child.pid !== undefined && !ended) process.kill(-child.pid, 'SIGINT');
        await child;
      }
      expect(await temporary()).to.deep.equal([]);
    };

    it('that serves', () => up([], async (client) => {
      expect((await client.list(StorageClass)).items.map(({ metadata }) => metadata.name)).to.deep.equal(['local']);
    }));

    it('that says which package a cloud needs', async () => {
      for (const [provider, name] of [['aws', '@aws-sdk/client-ec2'], ['gcp', '@google-cloud/compute']] as const) {
        const { exitCode, stderr } = await execa('npx', ['--no', 'keelson', 'up', '--port', '0', '--nodes', '0', '--data-dir', join(dir, 'none'), '--provider', provider], { cwd: project, env: env(), stdin: 'ignore', reject: false });
        expect([exitCode, stderr.split('\n').at(-1)]).to.deep.equal([2, `keelson: provider "${provider}" needs the package ${name}, which is not installed: npm install ${name}`]);
      }
    });

    it('that loads a driver from outside', () => up(['--provider', './driver/folder.module.ts'], async (client, data) => {
      await client.create(StorageClass, { metadata: { name: 'folders' }, provisioner: 'folder.example.com', volumeBindingMode: 'Immediate' });
      const key = { namespace: 'default', name: 'data' };
      await client.create(PersistentVolumeClaim, { metadata: key, spec: { storageClassName: 'folders', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } });
      let volume: string | undefined;
      await until(async () => (volume = (await client.get(PersistentVolumeClaim, key)).spec.volumeName) !== undefined, 'the claim to be bound');
      expect(await readdir(join(data, 'folder', 'folder', 'volumes'))).to.deep.equal([volume]);
    }));

    describe('for tests in other languages, which ends with whoever starts it, npx in between', () => {
      before(requires(linux));

      const running = async (): Promise<string[]> => {
        const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
        const environments = await Promise.all(pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')] as const));
        return environments.filter(([, variables]) => variables.includes(`TMPDIR=${temp}\0`)).map(([pid]) => pid);
      };
      const killed = async (when: (output: () => string) => Promise<void>): Promise<void> => {
        // A session of its own, as a terminal has.
        const starter = spawn(process.execPath, ['--input-type=module', '--eval', `
          import { spawn } from 'node:child_process';
          const child = spawn('npx', ['--no', 'keelson', 'ephemeral'], { stdio: ['ignore', 'inherit', 'inherit'] });
          child.on('spawn', () => console.log());
          setInterval(() => undefined, 1000);
        `], { cwd: project, env: { ...process.env, ...env() }, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
        let output = '';
        starter.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
        try {
          await when(() => output);
        } finally {
          const ended = once(starter, 'exit');
          starter.kill('SIGKILL');
          await ended;
          starter.stdout.destroy();
        }
        try {
          expect(await running()).not.to.deep.equal([]);
          await until(async () => (await running()).length === 0, 'every process to end', 20_000);
          expect(await temporary()).to.deep.equal([]);
        } finally {
          for (const pid of await running()) process.kill(Number(pid), 'SIGKILL');
        }
      };

      it('after it was ready', () => killed((output) => until(() => output().includes('"kubeconfig"'), 'the line of JSON', 30_000)));

      it('before npx has come to start it', () => killed((output) => until(() => output().includes('\n'), 'npx to be started', 30_000)));
    });
  });
});
