import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { linux, requires, root as asRoot } from '#test/fixtures/requires.ts';
import { root } from './harness.ts';

describe('the bundle that npm start runs', () => {
  let checkout: string;
  before(async () => {
    checkout = await mkdtemp(join(tmpdir(), 'keelson-bundle-'));
    for (const name of ['core', 'plugins', 'providers', 'package.json', 'package-lock.json', '.scripts']) await cp(join(root, name), join(checkout, name), { recursive: true, preserveTimestamps: true });
    await mkdir(join(checkout, 'node_modules'));
    for (const name of await readdir(join(root, 'node_modules'))) {
      if (name !== '.cache') await symlink(join(root, 'node_modules', name), join(checkout, 'node_modules', name));
    }
  });
  after(() => rm(checkout, { recursive: true, force: true }));

  const keelson = (...args: string[]) => execa('sh', ['.scripts/keelson', ...args], { cwd: checkout, stdin: 'ignore', reject: false, timeout: 30_000 });
  const help = join('core', 'cli', 'commands.ts');
  const change = async (from: string, to: string): Promise<void> => {
    const text = await readFile(join(checkout, help), 'utf8');
    expect(text).to.include(from);
    await writeFile(join(checkout, help), text.replace(from, to));
  };

  it('is of the sources as they are', async () => {
    expect((await keelson('help')).stdout).to.include('print this page');
    await change('print this page', 'print the page that was changed');
    expect((await keelson('help')).stdout).to.include('print the page that was changed');
  }).timeout(60_000);

  it('is not an old one when the sources cannot be used', async () => {
    await change('print the page', 'print \' the page');
    const { exitCode, stdout, stderr } = await keelson('help');
    expect([exitCode, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.include(help);
  }).timeout(60_000);

  it('has all that packages export which are loaded when they are needed', async () => {
    await change('print \' the page', 'print the page');
    await writeFile(join(checkout, 'config.yaml'), 'local: [');
    const { stderr } = await keelson('doctor', '--data-dir', join(checkout, 'data'), '--provider-config', join(checkout, 'config.yaml'));
    expect(stderr).to.match(/--provider-config \S+ is not YAML/);
  }).timeout(60_000);

  describe('asked for Docker Engine', () => {
    before(requires(linux, asRoot));

    /** What `doctor` says, and which libraries it has loaded by its end. */
    const doctor = async (engine: string): Promise<{ readonly said: string; readonly loaded: string }> => {
      const list = `import { createRequire } from 'node:module'; process.on('exit', () => console.error([...process.moduleLoadList, ...Object.keys(createRequire('file:///').cache)].join('\\n')));`;
      const { stdout, stderr } = await execa(process.execPath, [`--import=data:text/javascript,${encodeURIComponent(list)}`, join(checkout, 'node_modules/.cache/keelson-bundle/keelson.js'), 'doctor', '--data-dir', join(checkout, 'data')], { stdin: 'ignore', env: { DOCKER_HOST: engine } });
      return { said: stdout, loaded: stderr };
    };

    it('takes no client along for what is seldom asked of it', async () => {
      const { said, loaded } = await doctor(`unix://${checkout}/nobody.sock`);
      expect(said).to.match(/off {2}running pods: .*nobody\.sock/);
      expect(loaded).to.match(/^NativeModule http$/m);
      expect(loaded).not.to.match(/ssh2|grpc|protobufjs|undici/);
    }).timeout(60_000);

    it('finds them when they are needed', async () => {
      const { said, loaded } = await doctor('ssh://nobody@127.0.0.1:1');
      expect(said).to.match(/off {2}running pods: .*ECONNREFUSED 127\.0\.0\.1:1/);
      expect(loaded).to.match(/node_modules\/ssh2\//);
    }).timeout(60_000);
  });
});
