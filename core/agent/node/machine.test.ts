import { expect } from 'chai';
import { address, FakeMachine } from '#test/fixtures/fake-machine.ts';
import { nodeIpsProblem, readAddresses } from './addresses.ts';
import { systemMachine } from './machine.ts';
import { readHugePages, readMemory } from './memory.ts';
import { readNodeInfo } from './node-info.ts';
import { allocatableOf, capacityOf, textsOf } from './resources.ts';

const texts = async (machine: FakeMachine, given?: readonly string[]): Promise<string[]> =>
  (await readAddresses(machine, 'n1', given)).map(({ type, address: value }) => `${type} ${value}`);

describe('what a node says of its machine', () => {
  it('has the addresses of the interface of the default route, of both families, and its name', async () => {
    expect(await texts(new FakeMachine())).to.deep.equal(['InternalIP 192.0.2.2', 'InternalIP 2001:db8::2', 'Hostname n1']);
    expect(await texts(new FakeMachine(), ['10.0.0.7'])).to.deep.equal(['InternalIP 10.0.0.7', 'Hostname n1']);
  });

  it('takes the route with the lowest metric that is up', async () => {
    const machine = new FakeMachine();
    const row = (name: string, flags: string, metric: number): string => `${name}\t00000000\t010200C0\t${flags}\t0\t0\t${metric}\t00000000\n`;
    machine.files.set('/proc/net/route', `${row('br0', '0003', 200)}${row('eth0', '0003', 100)}${row('lo', '0002', 1)}`);
    expect((await texts(machine))[0]).to.equal('InternalIP 192.0.2.2');
    machine.files.set('/proc/net/route', `${row('br0', '0003', 50)}${row('eth0', '0003', 100)}`);
    expect(await texts(machine)).to.deep.equal(['InternalIP 172.17.0.1', 'InternalIP 2001:db8::2', 'Hostname n1']);
  });

  it('finds an address without a default route, and says so when there is none', async () => {
    const machine = new FakeMachine();
    machine.files.delete('/proc/net/route');
    machine.files.delete('/proc/net/ipv6_route');
    expect(await texts(machine)).to.deep.equal(['InternalIP 172.17.0.1', 'Hostname n1']);
    machine.network = { lo: [address('127.0.0.1', 'IPv4', true)], eth0: [address('169.254.3.4', 'IPv4')] };
    expect(await texts(machine)).to.deep.equal(['Hostname n1']);
  });

  it('refuses addresses that a node cannot have', () => {
    expect(nodeIpsProblem(['192.0.2.2', '2001:db8::2'])).to.equal(undefined);
    expect(nodeIpsProblem(['192.0.2.256'])).to.equal('"192.0.2.256" is no IP address');
    expect(nodeIpsProblem(['192.0.2.2', '192.0.2.3'])).to.equal('a node has at most one address of each family');
    for (const useless of ['0.0.0.0', '::', 'ff02::1', '239.0.0.1']) expect(nodeIpsProblem([useless]), useless).to.equal(`"${useless}" is no address of one machine`);
  });

  it('has its memory, and what is set aside for huge pages', async () => {
    const machine = new FakeMachine();
    expect(await readMemory(machine)).to.deep.equal({ total: 2n ** 33n, available: 2n ** 32n, swap: 2n ** 30n });
    machine.folders.set('/sys/kernel/mm/hugepages', ['hugepages-2048kB', 'hugepages-1048576kB', 'other']);
    machine.files.set('/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages', '10\n');
    expect([...await readHugePages(machine)]).to.deep.equal([['hugepages-2Mi', 20n * 2n ** 20n], ['hugepages-1Gi', 0n]]);
    machine.files.set('/proc/meminfo', 'nothing');
    expect(await readMemory(machine).catch((error: unknown) => (error as Error).message)).to.match(/does not say how much memory/);
  });

  it('names its software as upstream does', async () => {
    const runtime = { name: 'docker', version: '20.10.24', apiVersion: '1.41' };
    expect(await readNodeInfo(new FakeMachine(), { kubeletVersion: 'v1.34.0', runtime, swap: 1n })).to.deep.include({
      machineID: '0123456789abcdef0123456789abcdef', systemUUID: '0123456789abcdef0123456789abcdef', bootID: 'boot-1', kernelVersion: '6.1.0',
      osImage: 'Debian GNU/Linux 12 (bookworm)', containerRuntimeVersion: 'docker://20.10.24', kubeletVersion: 'v1.34.0', operatingSystem: process.platform,
    });
  });

  it('gives pods what is left of its capacity', () => {
    const capacity = capacityOf({ processors: 4, memory: 2n ** 33n, hugePages: new Map([['hugepages-2Mi', 2n ** 30n]]), ephemeralStorage: 100n * 2n ** 30n, pods: 110 });
    expect(textsOf(capacity)).to.deep.equal({ cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', pods: '110', 'hugepages-2Mi': '1Gi' });
    const reserved = { system: { cpu: '500m', memory: '512Mi', pid: '100' }, kubernetes: { cpu: '250m' }, eviction: { memory: 100n * 2n ** 20n, 'ephemeral-storage': 10n * 2n ** 30n } };
    expect(textsOf(allocatableOf(capacity, reserved))).to.deep.equal({ cpu: '3250m', memory: '6556Mi', 'ephemeral-storage': '90Gi', pods: '110', 'hugepages-2Mi': '1Gi' });
    expect(textsOf(allocatableOf(capacity, { system: { cpu: '8' } }))['cpu']).to.equal('0');
  });

  it('reads a real machine', async () => {
    const { capacity, available, device } = await systemMachine.fileSystem('/');
    expect(available <= capacity && capacity > 0n && device >= 0n).to.equal(true);
    expect(await systemMachine.readText('/no/such/file')).to.equal(undefined);
    expect(await systemMachine.list('/no/such/folder')).to.deep.equal([]);
    expect(systemMachine.processors()).to.be.greaterThan(0);
  });
});
