import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ContainerConfig, SandboxConfig } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires, root } from '#test/fixtures/requires.ts';
import type { DockerRuntime } from './docker-runtime.ts';
import type { Inspected } from './inspected.ts';
import { NamedNetwork } from './node-network.ts';

const never = new AbortController().signal;

const sandboxOf = (uid: string, attempt = 0): SandboxConfig => ({
  pod: { namespace: 'default', name: 'web', uid }, attempt, hostname: '', namespaces: { network: 'node', pid: 'pod', ipc: 'pod' }, sharedPid: false, sysctls: {}, labels: {},
});

describe('a network namespace that stands for the node', function () {
  this.timeout(60_000);
  const namespaces = new Namespaces();
  let node: DockerNode;
  let runtime: DockerRuntime;
  let path: string;

  before(requires(root, ...containers, ...namespaceTools));
  beforeEach(async () => {
    node = await DockerNode.make();
    path = await namespaces.make('node');
    runtime = node.runtime({ nodeNetwork: path });
  });
  afterEach(async () => {
    await node.remove();
    await namespaces.clear();
  });

  async function run(sandboxId: string, ...command: readonly string[]): Promise<string> {
    const config: ContainerConfig = {
      name: 'main', attempt: 0, imageId: (await runtime.imageStatus(node.image, never))?.id ?? '', image: node.image, command, env: [], mounts: [], devices: [], resources: {},
      security: { privileged: false, supplementalGroups: [], readOnlyRootFilesystem: false, noNewPrivileges: false, capabilities: { add: [], drop: [] }, seccomp: 'runtime/default' },
      stdin: false, stdinOnce: false, tty: false, labels: {},
    };
    const id = await runtime.createContainer(sandboxId, config, never);
    await runtime.startContainer(id, never);
    return id;
  }

  const failure = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

  it('has the ports, the interfaces and the name of the node, and the computer has none of them', async () => {
    await namespaces.join(path, 'machine0', await namespaces.make('other'), 'end');
    const { id } = await runtime.runSandbox(sandboxOf('a'), never);
    const container = await run(id, 'httpd', '-f', '-p', '18080');
    const { stdout } = await runtime.execSync(container, ['sh', '-c', 'hostname; ls /sys/class/net'], 10_000, never);
    expect(stdout.trim().split('\n')).to.deep.equal([node.node, 'lo', 'machine0']);
    const listeners = async (where: string): Promise<string> => namespaces.run(where, 'cat', '/proc/net/tcp', '/proc/net/tcp6');
    const port = `:${(18_080).toString(16).toUpperCase()} `;
    expect(await listeners(path)).to.contain(port);
    expect(await listeners('/proc/self/ns/net')).not.to.contain(port);
  });

  it('is entered by a program that keeps nothing of what it needed for that', async () => {
    const { id } = await runtime.runSandbox(sandboxOf('a'), never);
    const { State: { Pid: pid } } = await node.docker.getContainer(id).inspect();
    const status = Object.fromEntries((await readFile(`/proc/${pid}/status`, 'utf8')).split('\n').map((line) => line.split(/:\s+/) as [string, string]));
    expect(status).to.include({ Uid: '65535\t65535\t65535\t65535', Gid: '65535\t65535\t65535\t65535', CapPrm: '0000000000000000', CapEff: '0000000000000000', CapAmb: '0000000000000000', NoNewPrivs: '1' });
    expect((status['Groups'] ?? '').trim()).to.be.oneOf(['', '65535']);
    expect(await readdir(`/proc/${pid}/fd`)).to.have.members(['0', '1', '2']);
  });

  it('is known to an agent that starts again, and to one that only takes the node down', async () => {
    const sandbox = await runtime.runSandbox(sandboxOf('a'), never);
    expect(await runtime.runSandbox(sandboxOf('a'), never)).to.deep.equal(sandbox);
    expect(await node.runtime({ nodeNetwork: path }).listSandboxes(never)).to.deep.equal([sandbox]);
    expect(sandbox).to.include({ state: 'Ready' }).and.not.to.have.property('netns');
    const last = node.runtime();
    expect(await last.listSandboxes(never)).to.deep.equal([sandbox]);
    await last.removeSandbox(sandbox.id, never);
    expect(await node.containers()).to.deep.equal([]);
  });

  it('is another one when it was made anew: sandboxes of the first are not ready, and the next attempt is in the second', async () => {
    const sandbox = await runtime.runSandbox(sandboxOf('a'), never);
    const before = (await stat(path)).ino;
    await namespaces.remove(path);
    await namespaces.make('unrelated');
    expect((await runtime.listSandboxes(never)).map(({ state }) => state)).to.deep.equal(['NotReady']);
    const again = new Namespaces();
    try {
      const second = node.runtime({ nodeNetwork: await again.make('node') });
      expect((await second.listSandboxes(never)).map(({ id, state }) => ({ id, state }))).to.deep.equal([{ id: sandbox.id, state: 'NotReady' }]);
      const next = await second.runSandbox(sandboxOf('a', 1), never);
      const { State: { Pid: pid } } = await node.docker.getContainer(next.id).inspect();
      expect((await stat(`/proc/${pid}/ns/net`)).ino).not.to.equal(before);
      expect((await second.listSandboxes(never)).find(({ id }) => id === next.id)).to.include({ state: 'Ready' });
    } finally {
      await node.remove();
      await again.clear();
    }
  });

  it('must be one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-netns-'));
    try {
      const file = join(folder, 'file');
      await writeFile(file, '');
      for (const [wrong, says] of [[file, 'it has ended with EINVAL'], [join(folder, 'missing'), 'bind source path does not exist']] as const) {
        const error = await failure(node.runtime({ nodeNetwork: wrong }).runSandbox(sandboxOf('a'), never));
        expect(ProviderError.is(error) && error.message).to.contain(wrong).and.contain(says);
      }
      expect(await node.containers()).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the way into a network namespace', () => {
  const running = (pid: number): Inspected => ({ id: 'pause', running: true, pid }) as Inspected;

  before(requires(root));

  it('is over when the process is there, or gone', async () => {
    const network = new NamedNetwork('/proc/self/ns/net', 'node', new FakeClock());
    expect(await network.arrival(async () => running(process.pid), never)).to.deep.equal(running(process.pid));
    expect(await network.arrival(async () => undefined, never)).to.equal(undefined);
    expect(await network.holds(2 ** 30)).to.equal(false);
  });

  it('is given up when it takes too long, and with the caller', async () => {
    const clock = new FakeClock();
    const network = new NamedNetwork('/proc/self/ns/mnt', 'node', clock);
    const looks: number[] = [];
    const late = network.arrival(async () => {
      looks.push(clock.now());
      return running(process.pid);
    }, never).then(() => undefined, (error: unknown) => error);
    const end = { error: undefined as unknown };
    void late.then((error) => (end.error = error));
    while (end.error === undefined) await (clock.pending > 0 ? clock.advance(10) : settle());
    const { error } = end;
    expect(ProviderError.is(error, 'Unavailable') && error.message).to.contain('/proc/self/ns/mnt').and.contain('still somewhere else');
    expect((looks.at(-1) ?? 0) - (looks[0] ?? 0)).to.be.within(5000, 5100);
    const given = new AbortController();
    const waiting = network.arrival(async () => running(process.pid), given.signal).then(() => undefined, (reason: unknown) => reason);
    given.abort(new Error('enough'));
    expect(await waiting).to.be.instanceOf(Error);
  });
});
