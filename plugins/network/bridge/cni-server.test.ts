import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { cniShim, writeCniShim } from './cni-shim.ts';
import { leasesIn } from './test-leftovers.ts';
import { TestNode } from './test-node.ts';

const network = { nodeName: 'node', podCidrs: ['10.195.1.0/24', 'fd95:0:0:1::/64'], clusterCidrs: ['10.195.0.0/16', 'fd95::/48'] };

describe('our plugin, called as the specification says', function () {
  this.timeout(60_000);
  const namespaces = new Namespaces();
  let folder: { path: string; remove(): Promise<void> };
  let node: TestNode;
  let shim: string;
  let pod: string;

  before(requires(...namespaceTools, program('curl', 'curl')));
  before(async () => {
    folder = await temporaryFolder();
    const socket = join(folder.path, 'run/cni.sock');
    shim = join(folder.path, 'keelson-cni');
    await writeCniShim(shim, socket);
    node = await TestNode.start(await namespaces.make('node'), { stateDir: folder.path, mode: 'none', socket });
    await node.configure(network);
    pod = await namespaces.make('pod');
  });
  after(async () => {
    await node?.stop();
    await namespaces.clear();
    await folder?.remove();
  });

  const config = (change: object = {}): string => JSON.stringify({ cniVersion: '1.1.0', name: 'podnet', type: 'keelson-cni', ...change });
  const call = async (command: string, input: string, environment: Record<string, string> = {}) => {
    const env = { PATH: process.env['PATH'] ?? '', CNI_COMMAND: command, CNI_CONTAINERID: 'c1', CNI_NETNS: pod, CNI_IFNAME: 'eth0', CNI_PATH: folder.path, CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web', ...environment };
    const { exitCode, stdout } = await execa(shim, [], { env, extendEnv: false, input, reject: false });
    return { exitCode, answer: stdout === '' ? undefined : JSON.parse(stdout) };
  };
  const refused = async (command: string, input: string, environment: Record<string, string> = {}): Promise<[number | undefined, number, string]> => {
    const { exitCode, answer } = await call(command, input, environment);
    return [exitCode, answer?.code, answer?.msg];
  };

  it('tells its versions, also while nobody runs', async () => {
    const { exitCode, answer } = await call('VERSION', '{"cniVersion":"0.4.0"}', { CNI_CONTAINERID: '' });
    expect([exitCode, answer]).to.deep.equal([0, { cniVersion: '1.1.0', supportedVersions: ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] }]);
  });

  for (const version of ['0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
    it(`speaks ${version}`, async () => {
      const { exitCode, answer } = await call('ADD', config({ cniVersion: version }));
      expect(exitCode, JSON.stringify(answer)).to.equal(0);
      expect(answer.cniVersion).to.equal(version);
      expect(answer.ips.map((ip: { version?: string }) => ip.version)).to.deep.equal(version.startsWith('0') ? ['4', '6'] : [undefined, undefined]);
      expect(answer.interfaces.map(({ mtu }: { mtu?: number }) => mtu)).to.deep.equal(version === '1.1.0' ? [1500, 1500, 1500] : [undefined, undefined, undefined]);
      expect(answer.interfaces[2]).to.include({ name: 'eth0', sandbox: pod });
      expect((await namespaces.interface(pod, 'eth0'))?.addresses).to.have.members(answer.ips.map(({ address }: { address: string }) => address));
      const check = await call('CHECK', config({ cniVersion: version, prevResult: answer }));
      expect([check.exitCode, check.answer?.code]).to.deep.equal(version === '0.3.1' ? [1, 1] : [0, undefined]);
      expect(await call('DEL', config({ cniVersion: version, prevResult: answer }))).to.deep.equal({ exitCode: 0, answer: undefined });
      expect(await namespaces.interface(pod, 'eth0')).to.equal(undefined);
      expect((await call('DEL', config({ cniVersion: version }), { CNI_NETNS: '' })).exitCode).to.equal(0);
    });
  }

  it('refuses what is not in the specification, by its codes', async () => {
    expect(await refused('ADD', config({ cniVersion: '0.2.0' }))).to.deep.equal([1, 1, 'incompatible CNI versions']);
    expect(await refused('ADD', JSON.stringify({ name: 'podnet', type: 'x' }))).to.deep.equal([1, 1, 'incompatible CNI versions']);
    expect(await refused('ADD', config({ cniVersion: '9.0.0' }))).to.deep.equal([1, 1, 'incompatible CNI versions']);
    expect(await refused('GC', config({ cniVersion: '1.0.0' }))).to.deep.equal([1, 1, 'config version does not allow GC']);
    expect(await refused('NOP', config())).to.deep.equal([1, 4, 'unknown CNI_COMMAND: "NOP"']);
    expect(await refused('ADD', config(), { CNI_CONTAINERID: '', CNI_IFNAME: '' })).to.deep.equal([1, 4, 'required env variables [CNI_CONTAINERID,CNI_IFNAME] missing']);
    expect(await refused('ADD', config(), { CNI_CONTAINERID: '../x' })).to.deep.equal([1, 4, 'invalid characters in containerID']);
    expect(await refused('ADD', config(), { CNI_IFNAME: 'a/b' })).to.deep.equal([1, 4, 'interface name is invalid']);
    expect(await refused('ADD', config(), { CNI_ARGS: 'x' })).to.deep.equal([1, 4, 'CNI_ARGS: invalid pair']);
    expect(await refused('ADD', config(), { CNI_NETNS: '/run/netns/no\nlink delete keelson0' })).to.satisfy(([, code]: [number, number]) => code === 4);
    expect(await refused('ADD', '{"cniVersion":')).to.deep.equal([1, 6, 'the network configuration is not JSON']);
    expect(await refused('ADD', '[]')).to.deep.equal([1, 6, 'the network configuration is not an object']);
    expect(await refused('ADD', config({ name: '' }))).to.deep.equal([1, 7, 'missing network name']);
    expect(await refused('ADD', config({ name: 'a/b' }))).to.deep.equal([1, 7, 'invalid characters found in network name']);
    expect(await refused('CHECK', config())).to.deep.equal([1, 7, 'required prevResult missing']);
    expect(await refused('GC', config())).to.deep.equal([1, 7, 'GC needs the list cni.dev/valid-attachments']);
    expect(await refused('ADD', config(), { CNI_NETNS: '/run/netns/none' })).to.deep.equal([1, 8, 'there is no network namespace at /run/netns/none']);
    expect(await refused('ADD', config({ runtimeConfig: { portMappings: [{ hostPort: 99_999, containerPort: 1 }] } }))).to.satisfy(([, code]: [number, number]) => code === 7);
    expect(await leasesIn(folder.path)).to.deep.equal([]);
  });

  it('refuses a container that is there already, and keeps it', async () => {
    await call('ADD', config());
    expect(await refused('ADD', config())).to.deep.equal([1, 100, 'container c1 has an interface eth0 already']);
    expect((await namespaces.interface(pod, 'eth0'))?.addresses).to.have.length(2);
    await call('DEL', config());
  });

  it('collects for one network, and neither for another nor for the agent', async () => {
    const [one, two, own] = await Promise.all([1, 2, 3].map(() => namespaces.make('pod'))) as [string, string, string];
    await call('ADD', config(), { CNI_CONTAINERID: 'one', CNI_NETNS: one });
    await call('ADD', config({ name: 'other' }), { CNI_CONTAINERID: 'two', CNI_NETNS: two });
    await node.add({ containerId: 'own', ifName: 'eth0', netns: own, pod: { namespace: '', name: '', uid: '' }, portMappings: [] }, new AbortController().signal);
    expect((await call('GC', config({ 'cni.dev/attachments': [] }), { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '' })).exitCode).to.equal(0);
    expect(await leasesIn(folder.path)).to.have.members(['two', 'own']);
    await node.gc([]);
    expect(await leasesIn(folder.path)).to.deep.equal(['two']);
    expect((await call('GC', config({ name: 'other', 'cni.dev/valid-attachments': [{ containerID: 'two', ifname: 'eth0' }] }))).exitCode).to.equal(0);
    expect(await leasesIn(folder.path)).to.deep.equal(['two']);
    await call('DEL', config({ name: 'other' }), { CNI_CONTAINERID: 'two', CNI_NETNS: '' });
  });

  it('takes host ports and rates from the runtime', async () => {
    await call('ADD', config({ runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'TCP' }], bandwidth: { ingressRate: 8_000_000, ingressBurst: 1 } } }));
    expect(await namespaces.run(node.netns, 'iptables', '-t', 'nat', '-S', 'KEELSON-NET-HOSTPORTS')).to.match(/--dport 8080 -j DNAT --to-destination 10\.195\.1\.\d+:80/);
    await call('DEL', config());
    expect(await namespaces.run(node.netns, 'iptables', '-t', 'nat', '-S', 'KEELSON-NET-HOSTPORTS')).not.to.include('8080');
  });

  it('says how it is, and when the agent does not answer', async () => {
    expect(await call('STATUS', config(), { CNI_CONTAINERID: '' })).to.deep.equal({ exitCode: 0, answer: undefined });
    await writeCniShim(shim, join(folder.path, 'nobody.sock'));
    expect(await refused('STATUS', config())).to.deep.equal([1, 50, `the Keelson agent does not answer at ${folder.path}/nobody.sock`]);
    expect(await refused('ADD', config())).to.deep.equal([1, 11, `the Keelson agent does not answer at ${folder.path}/nobody.sock`]);
    await writeCniShim(shim, join(folder.path, 'run/cni.sock'));
  });

  it('quotes nothing: a socket whose path would need it is refused', () => {
    for (const path of ['/run/a b', 'run/x', "/run/'x", '/run/$(id)', '/run/../x']) expect(() => cniShim(path), path).to.throw(RangeError, 'the path of the CNI socket may not hold');
  });
});
