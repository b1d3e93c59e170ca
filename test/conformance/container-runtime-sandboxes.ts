import { readlink, stat } from 'node:fs/promises';
import { expect } from 'chai';
import { type Checks, expectFailure, hostileIds, never } from './container-runtime-subject.ts';

export function sandboxChecks(checks: Checks): void {
  checks.define('runs a sandbox and lists it as it was asked for', async (subject) => {
    const config = subject.sandboxConfig({ attempt: 3, labels: { app: 'web', 'example.com/x': 'a=b,"c"', ['__proto__']: 'odd' } });
    const before = Date.now();
    const sandbox = await subject.runtime.runSandbox(config, never);
    expect(sandbox).to.deep.include({ pod: config.pod, attempt: 3, state: 'Ready' });
    expect(Object.entries(sandbox.labels)).to.have.deep.members(Object.entries(config.labels));
    expect(sandbox.createdAt).to.be.within(before - 2000, Date.now() + 2000);
    expect(await subject.runtime.listSandboxes(never)).to.deep.equal([sandbox]);
  });

  checks.define('gives a sandbox a network namespace of its own with a loopback interface only', async (subject) => {
    const sandbox = await subject.sandbox();
    expect(await readlink(sandbox.netns ?? '')).to.match(/^net:/).and.not.equal(await readlink('/proc/self/ns/net'));
    const output = await subject.output('ls /sys/class/net; ip -o link show lo', {}, sandbox);
    expect(output.split('\n').filter((line) => /^(lo|eth\d+)$/.test(line))).to.deep.equal(['lo']);
    expect(output).to.contain('UP');
  });

  checks.define('shares the network and the name of the sandbox among its containers', async (subject) => {
    const sandbox = await subject.sandbox({ hostname: 'web-0' });
    const [a, b] = [await subject.run({ name: 'a' }, sandbox), await subject.run({ name: 'b' }, sandbox)];
    const net = await readlink(sandbox.netns ?? '');
    for (const id of [a, b]) expect((await subject.sh(id, 'readlink /proc/self/ns/net; hostname')).stdout).to.equal(`${net}\nweb-0\n`);
    const ipc = async (id: string): Promise<string> => (await subject.sh(id, 'readlink /proc/self/ns/ipc')).stdout;
    expect(await ipc(a)).to.equal(await ipc(b)).and.not.equal(await readlink('/proc/self/ns/ipc'));
  });

  checks.define('shares the process namespace when asked, and buries what nobody waits for', async (subject) => {
    const sandbox = await subject.sandbox({ sharedPid: true });
    const first = await subject.run({ name: 'first', command: ['sleep', '1234'] }, sandbox);
    const second = await subject.script('(sleep 0.05 &); sleep 1000', { name: 'second' }, sandbox);
    expect((await subject.sh(second, 'ps')).stdout).to.contain('sleep 1234');
    await subject.sh(second, 'sleep 0.3');
    expect((await subject.sh(second, 'grep -l "^State:.Z" /proc/[0-9]*/status; true')).stdout, 'zombies').to.equal('');
    expect((await subject.status(first)).state).to.equal('Running');
  });

  checks.define('keeps process namespaces apart otherwise', async (subject) => {
    const sandbox = await subject.sandbox();
    await subject.run({ name: 'first', command: ['sleep', '1234'] }, sandbox);
    const second = await subject.run({ name: 'second' }, sandbox);
    expect((await subject.sh(second, 'ps')).stdout).not.to.contain('1234');
  });

  checks.define('joins the namespaces of the node', async (subject) => {
    const sandbox = await subject.sandbox({ namespaces: { network: 'node', pid: 'node', ipc: 'node' } });
    expect(sandbox).to.include({ state: 'Ready' }).and.not.to.have.property('netns');
    const other = await subject.sandbox({ namespaces: { network: 'node', pid: 'node', ipc: 'node' } });
    const [a, b] = [await subject.run({}, sandbox), await subject.run({}, other)];
    const namespaces = async (id: string): Promise<string> => (await subject.sh(id, 'for n in net pid ipc; do readlink /proc/self/ns/$n; done')).stdout;
    expect(await namespaces(a)).to.equal(await namespaces(b));
    const { nodeNetns } = subject.given;
    if (nodeNetns !== undefined) expect(await namespaces(a)).to.match(new RegExp(`^net:\\[${(await stat(nodeNetns)).ino}\\]\n`));
    expect(await (await subject.given.reopen()).listSandboxes(never), 'what a later agent finds').to.have.deep.members([sandbox, other]);
  });

  checks.define('sets kernel parameters of the pod, and refuses those of the node', async (subject) => {
    const sandbox = await subject.sandbox({ sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' } });
    expect(await subject.output('cat /proc/sys/net/ipv4/ip_unprivileged_port_start', {}, sandbox)).to.equal('80\n');
    await expectFailure(subject.sandbox({ sysctls: { 'kernel.panic': '1' } }), 'Invalid');
  });

  checks.define('stops a sandbox with all that runs in it', async (subject) => {
    const sandbox = await subject.sandbox();
    const id = await subject.script('trap "" TERM; sleep 1000', {}, sandbox);
    const other = await subject.run();
    await subject.runtime.stopSandbox(sandbox.id, never);
    await subject.runtime.stopSandbox(sandbox.id, never);
    const [stopped] = (await subject.runtime.listSandboxes(never)).filter((each) => each.id === sandbox.id);
    expect(stopped).to.deep.include({ state: 'NotReady', pod: sandbox.pod }).and.not.to.have.property('netns');
    expect(await subject.status(id)).to.include({ state: 'Exited', exitCode: 137 });
    expect((await subject.status(other)).state).to.equal('Running');
  });

  checks.define('removes a sandbox that runs, with its containers, and no other', async (subject) => {
    const [gone, kept] = [await subject.sandbox(), await subject.sandbox()];
    await subject.run({}, gone);
    await subject.create(gone, { name: 'idle' });
    const other = await subject.run({}, kept);
    await subject.runtime.removeSandbox(gone.id, never);
    await subject.runtime.removeSandbox(gone.id, never);
    expect(await subject.sandboxIds()).to.deep.equal([kept.id]);
    expect(await subject.containerIds()).to.deep.equal([other]);
  });

  checks.define('takes a hostile id for a sandbox that is not there', async (subject) => {
    const sandbox = await subject.sandbox();
    for (const id of hostileIds) {
      await subject.runtime.stopSandbox(id, never);
      await subject.runtime.removeSandbox(id, never);
      await expectFailure(subject.runtime.createContainer(id, await subject.config(), never), 'NotFound');
    }
    expect(await subject.runtime.listSandboxes(never)).to.deep.equal([sandbox]);
  });

  checks.define('neither sees nor touches what another node made', async (subject, skip) => {
    const neighbour = subject.given.neighbour ?? skip('engines of this kind are not shared');
    const id = await subject.run();
    const [sandbox] = await subject.sandboxIds();
    expect(await subject.sandboxIds(neighbour)).to.deep.equal([]);
    expect(await subject.containerIds(neighbour)).to.deep.equal([]);
    await neighbour.stopContainer(id, 0, never);
    await neighbour.stopSandbox(sandbox ?? '', never);
    await neighbour.removeSandbox(sandbox ?? '', never);
    await expectFailure(neighbour.containerStatus(id, never), 'NotFound');
    await expectFailure(neighbour.execSync(id, ['true'], 1000, never), 'NotFound');
    await expectFailure(neighbour.createContainer(sandbox ?? '', await subject.config({ name: 'intruder' }), never), 'NotFound');
    expect((await subject.status(id)).state).to.equal('Running');
  });
}
