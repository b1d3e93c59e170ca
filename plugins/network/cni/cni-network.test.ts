import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { NetworkAttachment } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { CniNetwork } from './cni-network.ts';
import { writeProgram } from './test-plugins.ts';

const never = new AbortController().signal;

interface Call {
  readonly type: string;
  readonly command: string;
  readonly netns: string;
  readonly args: string;
  readonly config: Record<string, unknown>;
}

const failureOf = async (promise: Promise<unknown>): Promise<NetworkError> => {
  const outcome = await promise.then(() => undefined, (error: unknown) => error);
  expect(outcome).to.be.instanceOf(NetworkError);
  return outcome as NetworkError;
};

describe('chains of plugins', function () {
  this.timeout(30_000);
  const namespaces = new Namespaces();
  let folder: { path: string; remove(): Promise<void> };
  let network: CniNetwork;
  let netns: string;
  let made = 0;

  before(requires(...namespaceTools));
  before(async () => {
    netns = await namespaces.make('pod');
  });
  beforeEach(async () => {
    folder = await temporaryFolder();
    for (const name of ['net.d', 'bin', 'calls']) await mkdir(join(folder.path, name));
    network = new CniNetwork({ stateDir: join(folder.path, 'state'), configDir: join(folder.path, 'net.d'), pluginPaths: [join(folder.path, 'none'), join(folder.path, 'bin')] }, { clock: systemClock, log: silentLogger });
  });
  afterEach(() => folder.remove());
  after(() => namespaces.clear());

  const plugin = async (type: string, { versions = ['0.4.0', '1.0.0', '1.1.0'], answer = {}, fail = '' }: { versions?: string[]; answer?: object; fail?: string } = {}): Promise<void> => {
    const calls = join(folder.path, 'calls');
    await writeProgram(join(folder.path, 'bin', type), `
if [ "$CNI_COMMAND" = VERSION ]; then echo '${JSON.stringify({ cniVersion: '1.0.0', supportedVersions: versions })}'; exit 0; fi
{ echo "{\\"type\\":\\"${type}\\",\\"command\\":\\"$CNI_COMMAND\\",\\"netns\\":\\"$CNI_NETNS\\",\\"args\\":\\"$CNI_ARGS\\",\\"config\\":"; cat; echo "}"; } > ${calls}/$(date +%s%N)-$$
case " ${fail} " in *" $CNI_COMMAND "*) echo '{"code":42,"msg":"no","details":"because"}'; exit 1 ;; esac
case $CNI_COMMAND in ADD) echo '${JSON.stringify(answer)}' ;; esac
`);
  };
  const calls = async (): Promise<Call[]> => {
    const names = (await readdir(join(folder.path, 'calls'))).sort();
    const read = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder.path, 'calls', name), 'utf8')) as Call));
    await Promise.all(names.map((name) => rm(join(folder.path, 'calls', name))));
    return read;
  };
  const verbs = async (): Promise<string[]> => (await calls()).map(({ type, command }) => `${command} ${type}`);
  const configure = (value: unknown, name = '10-net.conflist'): Promise<void> => writeFile(join(folder.path, 'net.d', name), typeof value === 'string' ? value : JSON.stringify(value));
  const list = (change: object = {}): object => ({ cniVersion: '1.1.0', name: 'podnet', plugins: [{ type: 'main', capabilities: { bandwidth: true } }, { type: 'meta', capabilities: { portMappings: true } }], ...change });
  const attachment = (change: Partial<NetworkAttachment> = {}): NetworkAttachment => ({ containerId: `c${made++}`, ifName: 'eth0', netns, pod: { namespace: 'default', name: 'web', uid: 'u1' }, portMappings: [], ...change });
  const answer = { cniVersion: '1.1.0', interfaces: [{ name: 'eth0', sandbox: '/x', mtu: 1400, socketPath: '/s' }], ips: [{ address: '10.0.0.5/24', interface: 0 }] };

  it('feed each plugin with what the one before gave, in the newest version that it speaks', async () => {
    await plugin('main', { answer });
    await plugin('meta', { versions: ['0.3.1', '0.4.0'], answer: { cniVersion: '0.4.0', interfaces: [{ name: 'eth0' }], ips: [{ version: '4', address: '10.0.0.6/24' }] } });
    await configure(list());
    const result = await network.add(attachment({ containerId: 'abc', portMappings: [{ hostPort: 80, containerPort: 8080, protocol: 'tcp' }], bandwidth: { egressRate: 5000 } }), never);
    expect(result.ips).to.deep.equal([{ address: '10.0.0.6/24' }]);
    const [first, second] = await calls();
    expect(first).to.deep.equal({
      type: 'main', command: 'ADD', netns, args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=u1',
      config: { type: 'main', capabilities: { bandwidth: true }, cniVersion: '1.1.0', name: 'podnet', runtimeConfig: { bandwidth: { egressRate: 5000, egressBurst: 4_294_967_295 } } },
    });
    expect(second?.config).to.deep.include({ cniVersion: '0.4.0', runtimeConfig: { portMappings: [{ hostPort: 80, containerPort: 8080, protocol: 'tcp' }] } });
    expect(second?.config['prevResult']).to.deep.equal({ cniVersion: '0.4.0', interfaces: [{ name: 'eth0', sandbox: '/x' }], ips: [{ version: '4', address: '10.0.0.5/24', interface: 0 }], routes: [], dns: {} });
  });

  it('delete in reverse, by the configuration by which they added', async () => {
    await plugin('main', { answer });
    await plugin('meta', { answer });
    await configure(list());
    const each = attachment();
    await network.add(each, never);
    await calls();
    await configure({ ...list(), plugins: [{ type: 'main', changed: true }] });
    await network.del({ ...each, netns: '/run/netns/gone' }, never);
    const [first, second, ...rest] = await calls();
    expect([first?.type, second?.type, rest]).to.deep.equal(['meta', 'main', []]);
    expect([first?.netns, second?.config['changed'], second?.config['prevResult']]).to.deep.equal(['', undefined, { ...answer, routes: [], dns: {} }]);
    expect(await readdir(join(folder.path, 'state/results'))).to.deep.equal([]);
    await network.del(each, never);
    expect(await verbs(), 'once more, as the folder has it now').to.deep.equal(['DEL main']);
  });

  it('take apart what a failed ADD began, and keep it for later when that fails too', async () => {
    await plugin('main', { answer });
    await plugin('meta', { fail: 'ADD' });
    await configure(list());
    const each = attachment();
    const failure = await failureOf(network.add(each, never));
    expect([failure.code, failure.message, failure.details]).to.deep.equal([42, 'meta: no', 'because']);
    expect(await verbs()).to.deep.equal(['ADD main', 'ADD meta', 'DEL meta', 'DEL main']);
    expect(await readdir(join(folder.path, 'state/results'))).to.deep.equal([]);
    await plugin('meta', { fail: 'ADD DEL' });
    await failureOf(network.add(each, never));
    expect(await readdir(join(folder.path, 'state/results'))).to.have.length(1);
    await plugin('meta', { answer });
    await calls();
    await network.add(each, never);
    expect(await verbs()).to.deep.equal(['DEL meta', 'DEL main', 'ADD main', 'ADD meta']);
  });

  it('check with the last result, unless it is turned off', async () => {
    await plugin('main', { answer });
    await plugin('meta', { answer, versions: ['0.3.1'] });
    await configure(list());
    const each = attachment();
    expect((await failureOf(network.check(each, never))).code).to.equal(3);
    await network.add(each, never);
    await calls();
    await network.check(each, never);
    expect(await verbs()).to.deep.equal(['CHECK main']);
    await plugin('main', { answer, fail: 'CHECK' });
    expect((await failureOf(network.check(each, never))).code).to.equal(42);
    await configure(list({ disableCheck: 'true' }));
    const unchecked = attachment();
    await network.add(unchecked, never);
    await calls();
    await network.check(unchecked, never);
    expect(await verbs()).to.deep.equal([]);
  });

  it('collect: what is stale is deleted, and plugins of 1.1 hear what is valid by both names', async () => {
    await plugin('main', { answer });
    await plugin('meta', { answer, versions: ['1.0.0'] });
    await configure(list());
    const [kept, stale] = [attachment(), attachment()];
    await network.add(kept, never);
    await network.add(stale, never);
    await calls();
    await network.gc([kept], never);
    const all = await calls();
    expect(all.map(({ type, command }) => `${command} ${type}`)).to.deep.equal(['DEL meta', 'DEL main', 'GC main']);
    const valid = [{ containerID: kept.containerId, ifname: 'eth0' }];
    expect(all[2]?.config).to.deep.include({ 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid });
    await plugin('main', { answer, fail: 'GC DEL' });
    expect((await failureOf(network.gc([], never))).code).to.equal(42);
    expect(await readdir(join(folder.path, 'state/results')), 'kept for the next collection').to.have.length(1);
    await plugin('main', { answer });
    await configure(list({ disableGC: true }));
    await calls();
    await network.gc([], never);
    expect(await verbs()).to.deep.equal(['DEL meta', 'DEL main']);
  });

  it('ask for the status of those that know it', async () => {
    await plugin('main');
    await plugin('meta', { versions: ['1.0.0'] });
    await configure(list());
    await network.status(never);
    expect(await verbs()).to.deep.equal(['STATUS main']);
    await plugin('main', { fail: 'STATUS' });
    expect((await failureOf(network.status(never))).code).to.equal(42);
  });

  it('follow the folder: first file, other extensions, files of a network\'s own folder', async () => {
    await plugin('main', { answer });
    await plugin('meta', { answer });
    expect((await failureOf(network.status(never))).code).to.equal(50);
    await configure('ignored', '00-readme.txt');
    await configure({ cniVersion: '0.4.0', name: 'old', type: 'main' }, '20-old.conf');
    await network.add(attachment(), never);
    expect((await calls()).map(({ config }) => [config['name'], config['cniVersion']])).to.deep.equal([['old', '0.4.0']]);
    await configure({ cniVersion: '1.1.0', cniVersions: ['1.0.0', '9.9.9'], name: 'podnet', loadOnlyInlinedPlugins: false, plugins: [{ type: 'main' }] });
    await mkdir(join(folder.path, 'net.d/podnet'));
    await configure({ type: 'meta' }, 'podnet/10.conf');
    await network.add(attachment(), never);
    expect(await verbs()).to.deep.equal(['ADD main', 'ADD meta']);
  });

  it('refuse bad configurations by CNI\'s codes', async () => {
    await plugin('main', { answer });
    const bad: [unknown, number][] = [
      ['{', 6], [[], 7], [{}, 7], [{ name: 'x' }, 7], [list({ cniVersion: '0.2.0' }), 1], [list({ cniVersion: undefined }), 1], [list({ name: '../x' }), 7], [list({ plugins: [] }), 7], [list({ plugins: {} }), 7],
      [list({ plugins: [{ type: '../../bin/sh' }] }), 7], [list({ plugins: [{ type: '/bin/sh' }] }), 7], [list({ plugins: [{}] }), 7], [list({ plugins: [{ type: 'main', ipam: { type: '../evil' } }] }), 7],
      [list({ plugins: [{ type: 'unknown' }] }), 7], [list({ disableCheck: 'maybe' }), 7], [list({ plugins: Array.from({ length: 1000 }, () => ({ type: 'main' })) }), 7],
    ];
    for (const [value, code] of bad) {
      await configure(value);
      const failure = await failureOf(network.add(attachment(), never));
      expect(failure.code, `${JSON.stringify(value)?.slice(0, 100)}: ${failure.message}`).to.equal(code);
    }
    await configure(list({ plugins: [{ type: 'unknown' }] }));
    expect((await failureOf(network.status(never))).message).to.equal(`failed to find plugin "unknown" in path [${folder.path}/none ${folder.path}/bin]`);
    expect(await verbs()).to.deep.equal([]);
  });

  it('say what became of a plugin that misbehaves', async () => {
    await configure(list({ plugins: [{ type: 'odd' }] }));
    const cases: [string, number, string][] = [
      ['echo panic >&2; exit 3', 102, 'odd: ADD ended with exit code 3'], ['echo hello', 6, 'odd answered what is not JSON'], ['echo []', 6, 'odd answered what is not an object'], ['exit 0', 6, 'the plugins of podnet gave no result'],
      ['echo \'{"ips":[{"address":"x"}]}\'', 6, 'the result of a plugin is malformed'], ['kill -9 $$', 102, 'did not run to its end'], ['echo \'{"code":11,"msg":"later"}\' >&2; exit 1', 11, 'odd: later'],
    ];
    for (const [program, code, message] of cases) {
      await writeProgram(join(folder.path, 'bin/odd'), `case $CNI_COMMAND in VERSION) echo '{"supportedVersions":["1.0.0","__proto__"]}' ;; ADD) ${program} ;; esac\n`);
      const failure = await failureOf(network.add(attachment(), never));
      expect(failure.code, program).to.equal(code);
      expect(failure.message, program).to.include(message);
    }
    await writeProgram(join(folder.path, 'bin/odd'), 'echo \'{"supportedVersions":["0.2.0"]}\'\n');
    expect((await failureOf(network.add(attachment(), never))).message).to.equal('the plugin odd speaks none of the versions of CNI up to 1.1.0');
  });

  it('keep a collection apart from everything else', async () => {
    await plugin('main', { answer });
    await configure(list({ plugins: [{ type: 'main' }] }));
    const early = Array.from({ length: 5 }, () => attachment());
    const adds = early.map((each) => network.add(each, never));
    const collected = network.gc([], never);
    const late = attachment();
    await Promise.all([...adds, collected, network.add(late, never)]);
    const order = await verbs();
    expect(order.indexOf('GC main')).to.equal(10);
    expect(order.slice(11)).to.deep.equal(['ADD main']);
  });
});
