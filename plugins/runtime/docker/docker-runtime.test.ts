import { expect } from 'chai';
import type { SandboxConfig } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { requires, root } from '#test/fixtures/requires.ts';
import { DockerRuntime } from './docker-runtime.ts';
import { Marks } from './marks.ts';

const never = new AbortController().signal;

const config: SandboxConfig = {
  pod: { namespace: 'default', name: 'web', uid: 'c0ffee' }, attempt: 0, hostname: 'web', namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' }, sharedPid: false, sysctls: {}, labels: {},
};

const onNode: SandboxConfig = { ...config, hostname: '', namespaces: { ...config.namespaces, network: 'node' } };

describe('DockerRuntime', function () {
  this.timeout(60_000);
  let node: DockerNode;
  let runtime: DockerRuntime;

  before(requires(root, ...containers));
  beforeEach(async () => {
    node = await DockerNode.make();
    runtime = node.runtime();
  });
  afterEach(() => node.remove());

  /** A container that no agent of this node made, of which the test sweeps up after itself. */
  async function foreign<T>(name: string | undefined, use: (id: string) => Promise<T>): Promise<T> {
    const container = await node.docker.createContainer({ Image: node.image, ...(name === undefined ? {} : { name }) });
    try {
      await container.start();
      return await use(container.id);
    } finally {
      await container.remove({ force: true });
    }
  }

  it('does not take over a container of the same name that somebody else made', async () => {
    await foreign(new Marks(node.node, '').sandboxName(config), async (id) => {
      const error = await runtime.runSandbox(config, never).then(() => undefined, (caught: unknown) => caught);
      expect(ProviderError.is(error, 'AlreadyExists') && error.message).to.contain(id);
      expect((await node.docker.getContainer(id).inspect()).State.Running).to.equal(true);
    });
  });

  it('neither lists nor touches what others made in the engine', async () => {
    await foreign(undefined, async (id) => {
      expect(await runtime.listSandboxes(never)).to.deep.equal([]);
      expect(await runtime.listContainers(never)).to.deep.equal([]);
      await Promise.all([runtime.stopSandbox(id, never), runtime.removeSandbox(id, never), runtime.stopContainer(id, 0, never), runtime.removeContainer(id, never)]);
      expect((await node.docker.getContainer(id).inspect()).State.Running).to.equal(true);
    });
  });

  it('sees that the first process of a sandbox was killed', async () => {
    const sandbox = await runtime.runSandbox(config, never);
    await node.docker.getContainer(sandbox.id).kill();
    expect((await runtime.listSandboxes(never)).map(({ id, state, netns }) => ({ id, state, netns }))).to.deep.equal([{ id: sandbox.id, state: 'NotReady', netns: undefined }]);
  });

  it('joins the network of the engine where the node has no other', async () => {
    const { HostConfig: { NetworkMode } } = await node.docker.getContainer((await runtime.runSandbox(onNode, never)).id).inspect();
    expect(NetworkMode).to.equal('host');
    expect((await runtime.listSandboxes(never)).map(({ state, netns }) => ({ state, netns }))).to.deep.equal([{ state: 'Ready', netns: undefined }]);
    expect(() => new DockerRuntime({ node: 'n', nodeNetwork: 'bridge' })).to.throw('nodeNetwork');
  });

  it('gives agents of the same node name, but of other clusters, nothing of each other', async () => {
    const other = node.runtime({ agent: '/var/lib/other' });
    const [mine, theirs] = [await runtime.runSandbox(config, never), await other.runSandbox(config, never)];
    expect(mine.id).not.to.equal(theirs.id);
    expect((await other.listSandboxes(never)).map(({ id }) => id)).to.deep.equal([theirs.id]);
    await runtime.removeSandbox(theirs.id, never);
    expect((await runtime.listSandboxes(never)).map(({ id }) => id)).to.deep.equal([mine.id]);
    expect((await other.listSandboxes(never)).map(({ state }) => state)).to.deep.equal(['Ready']);
  });

  it('keeps to itself what the sandbox itself may do', async () => {
    const { id } = await runtime.runSandbox(config, never);
    const { HostConfig, Config, Name } = await node.docker.getContainer(id).inspect();
    expect(HostConfig).to.deep.include({ NetworkMode: 'none', CapDrop: ['ALL'], ReadonlyRootfs: true, Privileged: false });
    expect(Config.User).to.equal('65535:65535');
    expect(Name).to.match(/^\/keelson_web_default_POD_0_[0-9a-f]{16}$/);
    expect(Config.Labels).to.include({ 'io.kubernetes.pod.name': 'web', 'io.kubernetes.pod.namespace': 'default', 'io.kubernetes.pod.uid': 'c0ffee' });
  });
});
