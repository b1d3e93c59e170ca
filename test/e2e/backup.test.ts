import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { expect } from 'chai';
import { Sandbox, until, type Answer, type Running } from './harness.ts';

const path = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, value: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } });

describe('keelson backup and restore', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let running: Running | undefined;
  let file: string;
  beforeEach(async () => {
    sandbox = await Sandbox.make();
    file = join(sandbox.dir, 'backup');
  });
  afterEach(async () => {
    await running?.kill();
    running = undefined;
    await sandbox.remove();
  });

  const up = async (...flags: string[]): Promise<Running> => (running = await sandbox.up(flags));
  const run = (...args: string[]) => sandbox.keelson([...args, '--data-dir', sandbox.dataDir]);
  const succeed = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect([exitCode, stderr], stderr).to.deep.equal([0, '']);
    return stdout;
  };
  const refuse = async (sentence: string, ...args: string[]): Promise<void> => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect([exitCode, stdout], stderr).to.deep.equal([1, '']);
    expect(stderr).to.match(/^keelson: [^\n]+\n?$/).and.include(sentence);
  };
  const write = async (server: Running, name: string, value: string): Promise<string> => {
    const { status, body, text } = await server.request('PUT', `${path}/${name}`, { body: configMap(name, value) });
    if (status === 404) return (await server.request('POST', path, { body: configMap(name, value) })).body.metadata.resourceVersion;
    expect(status, text).to.equal(200);
    return body.metadata.resourceVersion;
  };
  const values = async (server: Running): Promise<Record<string, string>> => {
    const { body } = await server.request('GET', path);
    return Object.fromEntries(body.items.filter(({ data }: V1ConfigMap) => data?.['value'] !== undefined).map(({ metadata, data }: V1ConfigMap) => [metadata?.name, data?.['value']]));
  };

  it('bring a cluster back elsewhere, from a backup made while it was being written to, for those who have its kubeconfig', async () => {
    const server = await up();
    const acknowledged = new Set<string>();
    let over = false;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let turn = 0; !over; turn++) {
        expect((await server.request('POST', path, { body: configMap(`m${writer}-${turn}`, 'v') })).status).to.equal(201);
        acknowledged.add(`m${writer}-${turn}`);
      }
    });
    await until(() => acknowledged.size > 200, 'some writes');
    const before = new Set(acknowledged);
    const said = await succeed('backup', file);
    over = true;
    await Promise.all(writers);
    expect(said).to.match(/holds [\d,]+ objects at revision [\d,]+ and \d+ files of certificates and keys, in [\d,]+ bytes/);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const authority = await readFile(join(sandbox.dataDir, 'pki', 'ca.crt'), 'utf8');
    await server.stop();
    await rm(sandbox.dataDir, { recursive: true });

    expect(await succeed('restore', file)).to.include(`Start it with: keelson up --data-dir ${sandbox.dataDir}`);
    expect(await readFile(join(sandbox.dataDir, 'pki', 'ca.crt'), 'utf8')).to.equal(authority);
    for (const name of await readdir(join(sandbox.dataDir, 'pki'))) expect((await stat(join(sandbox.dataDir, 'pki', name))).mode & 0o777, name).to.equal(0o600);
    const restored = await up();
    const found = await values(restored);
    expect(Object.keys(found)).to.include.members([...before]);
    // What was written during the backup is in it or not, but nothing is that was not written.
    expect([...acknowledged]).to.include.members(Object.keys(found));
    expect((await restored.request('POST', path, { body: configMap('new', 'v') })).status).to.equal(201);
  });

  it('tell every client from before to list again, and never go back to a version that it has seen', async () => {
    let server = await up();
    const port = new URL(server.url).port;
    const first = await write(server, 'a', 'backed up');
    await succeed('backup', file);
    const second = await write(server, 'a', 'lost');
    const third = await write(server, 'b', 'lost');

    const config = new KubeConfig();
    config.loadFromFile(server.kubeconfig);
    const client = config.makeApiClient(CoreV1Api);
    const informer = makeInformer(config, path, () => client.listNamespacedConfigMap({ namespace: 'default' }));
    const seen = (): Record<string, string> => Object.fromEntries(informer.list().filter(({ data }) => data?.['value'] !== undefined).map(({ metadata, data }) => [metadata?.name, data?.['value']]));
    let stopped = false;
    informer.on('error', () => {
      if (!stopped) setTimeout(() => void informer.start().catch(() => undefined), 100);
    });
    try {
      await informer.start();
      await until(() => seen()['b'] === 'lost', 'the informer to see what is lost later');
      await server.stop();
      await succeed('restore', file, '--force');
      server = await up('--port', port);
      for (const from of [first, second, third]) {
        const { status, text } = await server.request('GET', `${path}?watch=true&resourceVersion=${from}&timeoutSeconds=5`);
        expect(status === 410 || /"code":410/.test(text), `${from}: ${status} ${text}`).to.equal(true);
      }
      const list: Answer = await server.request('GET', path);
      expect(Number(list.body.metadata.resourceVersion)).to.be.above(Number(third) + 1_000_000_000);
      expect((await server.request('PUT', `${path}/a`, { body: { ...configMap('a', 'conflict'), metadata: { name: 'a', resourceVersion: second } } })).status).to.equal(409);
      expect(Number(await write(server, 'c', 'after'))).to.be.above(Number(list.body.metadata.resourceVersion));
      await until(() => seen()['c'] === 'after' && seen()['b'] === undefined, 'the informer to see the restored cluster');
      expect(seen()).to.deep.equal({ a: 'backed up', c: 'after' });
    } finally {
      stopped = true;
      await informer.stop();
    }
  });

  it('find the certificates where the server has them', async () => {
    const folder = join(sandbox.dir, 'elsewhere', 'pki');
    const server = await up('--pki-dir', folder);
    await write(server, 'a', '1');
    await refuse(`${join(sandbox.dataDir, 'pki')} holds no certificates; say with --pki-dir where the server has them`, 'backup', file);
    await succeed('backup', file, '--pki-dir', folder);
    await server.stop();
    const names = await readdir(folder);
    const contents = (): Promise<string[]> => Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    const before = await contents();
    expect(await readdir(sandbox.dataDir)).to.not.include('pki');
    // With the certificates still there, the data alone is to be restored.
    await rm(sandbox.dataDir, { recursive: true });
    await succeed('restore', file, '--pki-dir', folder);
    await rm(sandbox.dataDir, { recursive: true });
    await rm(join(sandbox.dir, 'elsewhere'), { recursive: true });
    const said = await succeed('restore', file, '--pki-dir', folder);
    expect(said).to.include(`Start it with: keelson up --data-dir ${sandbox.dataDir} --pki-dir ${folder}`);
    expect(await contents()).to.deep.equal(before);
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777, name).to.equal(0o600);
    expect(await values(await up('--pki-dir', folder))).to.deep.equal({ a: '1' });
    await running?.stop();
    await rm(sandbox.dataDir, { recursive: true });
    await writeFile(join(folder, 'ca.crt'), 'another cluster');
    await refuse(`${folder} holds certificates of a cluster already`, 'restore', file, '--pki-dir', folder);
    expect(await succeed('restore', file, '--pki-dir', folder, '--force')).to.match(/What was there is in \S+elsewhere\/pki\.replaced-\w+;/);
    expect(await contents()).to.deep.equal(before);
  });

  it('save and bring back a cluster whose server was killed', async () => {
    const server = await up();
    await write(server, 'a', '1');
    await server.kill();
    await succeed('backup', file);
    // What is left of the store is of no use any more.
    await truncate(join(sandbox.dataDir, 'sqlite', 'state.db-wal'), 100);
    const failed = await run('up', '--port', '0');
    expect(failed.exitCode).to.equal(1);
    expect(failed.stderr).to.include(join(sandbox.dataDir, 'sqlite', 'state.db')).and.include('keelson restore FILE --force');
    expect(await succeed('restore', file, '--force')).to.match(/What was there is in \S+replaced-\w+; remove it when all is well/);
    expect(await values(await up())).to.deep.equal({ a: '1' });
  });

  it('leave a running cluster, one that is there, and a file that is there, as they are', async () => {
    const server = await up();
    await write(server, 'a', '1');
    await succeed('backup', file);
    await refuse(`${file} is there already`, 'backup', file);
    await succeed('backup', file, '--force');
    await refuse(`${sandbox.dataDir} is in use by process ${server.process.pid}`, 'restore', file, '--force');
    await write(server, 'a', '2');
    await server.stop();
    await refuse(`${sandbox.dataDir} holds a cluster already`, 'restore', file);
    expect(await values(await up())).to.deep.equal({ a: '2' });
  });

  it('refuse what is no backup, and change nothing', async () => {
    await (await up()).stop();
    await refuse(`there is no file ${file}`, 'restore', file, '--force');
    await writeFile(file, 'shopping list '.repeat(1000));
    await refuse(`${file} is not a database`, 'restore', file, '--force');
    await refuse('is no backup that "keelson backup" made', 'restore', join(sandbox.dataDir, 'sqlite', 'state.db'), '--force');
    expect((await readdir(sandbox.dataDir)).filter((name) => name.includes('replaced'))).to.deep.equal([]);
    await (await up()).stop();
  });

  it('say what to do instead when there is nothing to back up', async () => {
    await refuse(`there is no data directory ${sandbox.dataDir}`, 'backup', file);
    await mkdir(sandbox.dataDir);
    await refuse(`${sandbox.dataDir} holds no data of the sqlite store`, 'backup', file);
    for (const command of ['backup', 'restore']) {
      await refuse('the memory store keeps nothing on the disk', command, file, '--store', 'memory');
      for (const store of ['etcd', 'etcds://me:secret@10.0.0.1:2379']) await refuse('etcdctl snapshot save', command, file, '--store', store);
    }
    await refuse(`there is no folder ${join(sandbox.dir, 'nowhere')}`, 'backup', join(sandbox.dir, 'nowhere', 'backup'));
    await refuse(`${sandbox.dir} is not a file`, 'backup', sandbox.dir);
  });

  for (const [args, sentence] of [
    [['backup'], 'keelson backup needs FILE: keelson backup FILE'],
    [['restore', 'a', 'b'], 'keelson restore does not understand "b"'],
    [['backup', 'a', '--force=yes'], '--force takes no value'],
    [['restore', 'a', '--port', '1'], 'unknown flag --port'],
  ] as const) {
    it(`do not understand keelson ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await sandbox.keelson([...args]);
      expect(exitCode).to.equal(2);
      expect(stderr).to.match(/^keelson: [^\n]+$/).and.include(sentence);
    });
  }
});
