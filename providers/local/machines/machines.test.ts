import { stat } from 'node:fs/promises';
import { execa } from 'execa';
import { expect } from 'chai';
import { eventually } from '#test/fixtures/eventually.ts';
import { linux, program, requires, root } from '#test/fixtures/requires.ts';
import { LocalMachines } from './machines.ts';
import { machineNames, rangeOf } from './naming.ts';

const never = new AbortController().signal;
const place = `/test/${process.pid}/machines`;

describe('LocalMachines', function () {
  this.timeout(30_000);
  const run = async (program_: string, args: readonly string[]) => {
    const { exitCode = 1, stdout, stderr } = await execa(program_, args, { reject: false });
    return { exitCode, output: stdout, complaint: stderr };
  };
  const machines = new LocalMachines(run, place);
  const others = new LocalMachines(run, `${place}/others`);
  const ours = async (): Promise<string[]> => {
    const { stdout } = await execa('ip', ['netns', 'list']);
    const { stdout: links } = await execa('ip', ['-o', 'link']);
    const { hub, uplink } = machineNames(place);
    return [...stdout.split('\n').filter((line) => line.startsWith(hub.replace('switch', ''))), ...links.split('\n').filter((line) => line.includes(uplink))];
  };
  before(requires(linux, root, program('ip', 'iproute2'), program('nsenter', 'util-linux'), program('sysctl', 'procps'), program('iptables', 'iptables')));
  after(async () => {
    await machines.removeAll(never);
    await others.removeAll(never);
  });
  afterEach(() => machines.removeAll(never));

  it('joins machines to each other and to this computer', async () => {
    const [a, b] = [await machines.create('node-1', never), await machines.create('node-2', never)];
    expect(a.addresses[0]).to.match(/^172\.30\.\d+\.10$/);
    expect(b.addresses[0]).to.match(/\.11$/);
    const gateway = await machines.gateway(never);
    // Who refuses a connection is there.
    const knock = `require('node:net').connect(9, process.argv[1]).on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 1))`;
    const knocks = ([enter, ...args]: readonly string[], to: string) => (enter === undefined
      ? execa(process.execPath, ['-e', knock, to], { reject: false, timeout: 5000 }) : execa(enter, [...args, process.execPath, '-e', knock, to], { reject: false, timeout: 5000 }));
    for (const [from, to] of [[a, b.addresses[0]], [b, a.addresses[0]], [a, gateway], [a, b.addresses[1]]] as const) {
      if (to !== undefined) expect((await knocks(from.within, to)).exitCode, `${from.name} to ${to}`).to.equal(0);
    }
    expect((await knocks([], b.addresses[0] ?? '')).exitCode).to.equal(0);
    expect((await run('ip', ['netns', 'exec', machineNames(place).namespace('node-1'), 'sysctl', '-n', 'net.ipv4.ip_forward'])).output).to.equal('1');
  });

  it('finds them again, puts right what is missing, and gives each an address of its own', async () => {
    const [first, second] = await Promise.all([machines.create('node-1', never), machines.create('node-2', never)]);
    const again = new LocalMachines(run, place);
    expect(await again.create('node-1', never)).to.deep.equal(first);
    await execa('ip', ['-n', machineNames(place).namespace('node-2'), 'link', 'delete', 'eth0']);
    expect((await again.create('node-2', never)).addresses).to.deep.equal(second.addresses);
    expect(await again.list(never)).to.deep.equal([first, second]);
    await again.delete('node-1', never);
    await again.delete('node-1', never);
    expect((await again.create('node-3', never)).addresses).to.deep.equal(first.addresses);
    expect((await again.list(never)).map(({ name }) => name)).to.deep.equal(['node-2', 'node-3']);
  });

  it('takes a machine out of the network although something still runs on it', async () => {
    const { addresses, within: [enter = '', ...args], netns = '' } = await machines.create('node-1', never);
    const [address = ''] = addresses;
    const { ino } = await stat(netns);
    const pod = execa(enter, [...args, 'sleep', '1000'], { reject: false });
    try {
      const { pid } = pod;
      await eventually(async () => (await stat(`/proc/${pid}/ns/net`)).ino === ino, 'the pod to be there');
      await machines.delete('node-1', never);
      const { output } = await run('ip', ['netns', 'exec', machineNames(place).hub, 'ip', '-brief', 'link', 'show', 'type', 'veth']);
      expect(output).not.to.contain('port');
      const again = await machines.create('node-2', never);
      expect(again.addresses[0]).to.equal(address);
      expect((await stat(again.netns ?? '')).ino).not.to.equal(ino);
    } finally {
      pod.kill('SIGKILL');
      await pod;
    }
  });

  it('lets machines out in the name of this computer, and closes behind the last', async () => {
    const rules = async (): Promise<string[]> => (await execa('iptables-save', [], { reject: false })).stdout.split('\n').filter((line) => line.includes(`keelson ${machineNames(place).uplink}`));
    await machines.create('node-1', never);
    await machines.create('node-2', never);
    expect(await rules()).to.have.length(3);
    await machines.removeAll(never);
    expect(await rules()).to.deep.equal([]);
  });

  it('leaves nothing behind, and others alone', async () => {
    await machines.create('node-1', never);
    const other = await others.create('node-1', never);
    expect(other.addresses).not.to.deep.equal((await machines.list(never))[0]?.addresses);
    await machines.removeAll(never);
    await machines.removeAll(never);
    expect(await ours()).to.deep.equal([]);
    expect(await others.list(never)).to.deep.equal([other]);
  });
});

describe('names of machines', () => {
  it('fit into the kernel, and are no paths', () => {
    const names = machineNames('/var/lib/keelson');
    expect(names.uplink.length).to.be.at.most(15);
    for (const bad of ['', '..', 'a/b', 'A', '-a', 'a b', 'switch', 'x'.repeat(64)]) expect(() => names.namespace(bad), bad).to.throw(RangeError);
    expect(machineNames('/other').hub).not.to.equal(names.hub);
    expect(rangeOf('/x', 0)).not.to.deep.equal(rangeOf('/x', 1));
  });
});
