import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { VolumeError } from '#core/agent/volumes/pod-volumes.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { conditionOf, nodeName, PodLab } from '#test/fixtures/pod-lab.ts';

describe('Pods when something is wrong', function () {
  this.timeout(60_000);
  let lab: PodLab;
  beforeEach(async () => {
    lab = await PodLab.start();
  });
  afterEach(() => lab.stop());

  const waiting = async (pod: string) => (await lab.get(pod)).status.containerStatuses?.[0]?.state.waiting;
  const isEmpty = (): boolean => lab.runtime.sandboxes.size === 0 && lab.runtime.made.size === 0 && lab.network.attached.size === 0 && lab.volumes.prepared.size === 0;

  it('wait for an image that does not exist, with back-off', async () => {
    await lab.create('web', { containers: [{ name: 'main', image: 'registry.example.com/none:1' }] });
    await lab.until(async () => (await waiting('web'))?.reason === 'ErrImagePull', 'ErrImagePull');
    await lab.until(async () => (await waiting('web'))?.reason === 'ImagePullBackOff', 'ImagePullBackOff');
    expect((await waiting('web'))?.message).to.equal('Back-off pulling image "registry.example.com/none:1": ErrImagePull: manifest for registry.example.com/none:1 not found');
    expect(lab.eventsOf('web')).to.include.members([
      'Normal Pulling Pulling image "registry.example.com/none:1"', 'Warning Failed Error: ErrImagePull', 'Warning Failed Error: ImagePullBackOff',
      'Warning Failed Failed to pull image "registry.example.com/none:1": manifest for registry.example.com/none:1 not found', 'Normal BackOff Back-off pulling image "registry.example.com/none:1"',
    ]);
    await lab.pass(60_000);
    expect(lab.runtime.pulls.length).to.be.within(3, 4);
    lab.runtime.registry.set('registry.example.com/none:1', { id: 'sha256:x', tags: [], digests: [], size: 5 });
    await lab.untilReady('web');
  });

  it('are not pulled where that is forbidden', async () => {
    await lab.create('web', { containers: [{ name: 'main', image: 'none:1', imagePullPolicy: 'Never' }] });
    await lab.until(async () => (await waiting('web'))?.reason === 'ErrImageNeverPull', 'ErrImageNeverPull');
    expect((await waiting('web'))?.message).to.equal('Container image "none:1" is not present with pull policy of Never');
  });

  it('wait for a ConfigMap that is missing', async () => {
    await lab.create('web', { containers: [{ name: 'main', image: 'busybox:1', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }] }] });
    await lab.until(async () => (await waiting('web'))?.reason === 'CreateContainerConfigError', 'CreateContainerConfigError');
    expect((await waiting('web'))?.message).to.equal('configmap "settings" not found');
    expect(lab.eventsOf('web')).to.include('Warning Failed Error: configmap "settings" not found');
    await lab.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'settings' }, data: { a: '1' } });
    await lab.untilReady('web');
    expect(lab.runtime.configOf('main')?.env).to.deep.include({ name: 'A', value: '1' });
  });

  it('wait for volumes, and say so', async () => {
    lab.volumes.failure = new VolumeError('FailedMount', 'MountVolume.SetUp failed for volume "data" : no');
    await lab.create('web');
    await lab.until(() => lab.eventsOf('web').includes('Warning FailedMount MountVolume.SetUp failed for volume "data" : no'), 'the event');
    expect(lab.runtime.sandboxes.size).to.equal(0);
    expect((await waiting('web'))?.reason).to.equal('ContainerCreating');
    lab.volumes.failure = undefined;
    await lab.untilReady('web');
  });

  it('wait for a network that is not ready', async () => {
    lab.network.notReady = 'cni config uninitialized';
    await lab.create('web');
    await lab.create('host', { hostNetwork: true });
    const host = await lab.untilReady('host');
    expect(host.status.podIP).to.equal('192.168.0.10');
    expect(lab.eventsOf('web')).to.include('Warning NetworkNotReady network is not ready: cni config uninitialized');
    lab.network.notReady = undefined;
    await lab.untilReady('web');
  });

  it('come after those of which the network has kept something, also when it is set up late, and without a word of that', async () => {
    await lab.create('web');
    await lab.untilReady('web');
    const [kept] = [...lab.network.attached.keys()];
    await lab.network.add({ containerId: 'gone', ifName: 'eth0', pod: { namespace: 'default', name: 'gone', uid: 'u' }, portMappings: [] });
    lab.network.notReady = 'the node has no range for pods';
    await lab.restart();
    await lab.create('host', { hostNetwork: true });
    await lab.untilReady('host');
    expect(conditionOf(await lab.get('web'), 'Ready')?.status).to.equal('True');
    expect([...lab.network.attached.keys()]).to.deep.equal([kept, 'gone']);
    lab.network.notReady = undefined;
    await lab.until(() => lab.network.attached.size === 1, 'it is given back');
    expect([...lab.network.attached.keys()]).to.deep.equal([kept]);
    expect(lab.logger.at('warn')).to.deep.equal([]);
    lab.network.gc = () => Promise.reject(new NetworkError(5, 'the journal cannot be written'));
    await lab.restart();
    await lab.create('other');
    await lab.untilReady('other');
    expect(lab.logger.at('warn').map(({ message }) => message)).to.deep.equal(['the network could not be cleaned up']);
  });

  it('leave nothing of a sandbox that got no network', async () => {
    lab.network.failures.add = 2;
    await lab.create('web');
    await lab.untilReady('web');
    expect(lab.runtime.sandboxes.size).to.equal(1);
    expect(lab.network.calls.filter((call) => call.startsWith('del'))).to.have.length(2);
    expect(lab.eventsOf('web').find((event) => event.startsWith('Warning FailedCreatePodSandBox'))).to.match(/Failed to create pod sandbox: failed to setup network for sandbox "sandbox-1": no address is free/);
  });

  it('are left alone while the engine does not answer, with one line in the log', async () => {
    await lab.create('web');
    await lab.untilReady('web');
    const before = await lab.get('web');
    lab.runtime.hangs = true;
    await lab.pass(120_000);
    lab.runtime.hangs = false;
    lab.runtime.down = true;
    await lab.pass(60_000);
    expect((await lab.get('web')).metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    expect(lab.logger.at('warn').filter(({ message }) => message.startsWith('the container runtime does not answer'))).to.have.length(1);
    expect(lab.logger.at('error')).to.deep.equal([]);
    lab.runtime.down = false;
    await lab.pass(5000);
    expect(lab.runtime.find('main')).to.include({ attempt: 0, state: 'Running' });
  });

  it('are started when a call to the engine that hung is over', async () => {
    let hung = 0;
    lab.runtime.before = (call) => {
      if (call === 'createContainer' && hung++ === 0) return new Promise(() => undefined);
    };
    await lab.create('web');
    await lab.pass(100_000);
    expect((await waiting('web'))?.reason).to.equal('ContainerCreating');
    await lab.untilReady('web');
    expect(lab.logger.at('error')).to.deep.equal([]);
  });

  it('end while the engine hangs in one of their calls', async () => {
    lab.runtime.before = (call) => {
      if (call === 'createContainer') return new Promise(() => undefined);
    };
    await lab.create('web');
    await lab.until(() => lab.runtime.sandboxes.size === 1, 'a sandbox');
    await lab.pass(1000);
    await lab.client.delete(Pod, { namespace: 'default', name: 'web' });
    await lab.untilGone('web', 5000);
    expect(isEmpty()).to.equal(true);
  });

  it('ask the network for one thing at a time, also when it hangs', async () => {
    let answer: () => void = () => undefined;
    const { network } = lab;
    const add = network.add.bind(network);
    network.add = async (attachment) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return add(attachment);
    };
    await lab.create('web');
    await lab.until(() => lab.runtime.sandboxes.size === 1, 'a sandbox');
    await lab.pass(1000);
    await lab.client.delete(Pod, { namespace: 'default', name: 'web' });
    await lab.pass(5000);
    expect(network.calls).to.deep.equal(['gc']);
    answer();
    await lab.untilGone('web');
    expect(isEmpty()).to.equal(true);
  });

  it('are restarted while the API cannot be reached', async () => {
    await lab.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'settings' }, data: { a: '1' } });
    await lab.create('web', { containers: [{ name: 'main', image: 'busybox:1', envFrom: [{ configMapRef: { name: 'settings' } }] }] });
    await lab.untilReady('web');
    lab.gate = () => Promise.reject(new StatusError('ServiceUnavailable', 'no connection'));
    lab.runtime.exit(lab.runtime.find('main')!.id, 1);
    await lab.until(() => lab.runtime.find('main')?.attempt === 1 && lab.runtime.find('main')?.state === 'Running', 'a restart');
    expect(lab.runtime.configOf('main')?.env).to.deep.include({ name: 'a', value: '1' });
    lab.gate = (_call, effect) => effect();
    await lab.until(async () => (await lab.get('web')).status.containerStatuses?.[0]?.restartCount === 1, 'it is told');
  });

  it('start anew in an engine that is another one, and give back what the network gave them', async () => {
    await lab.create('web');
    await lab.create('done', { restartPolicy: 'Never' });
    await lab.untilReady('web');
    await lab.untilReady('done');
    const { podIP } = (await lab.get('web')).status;
    const replaceEngine = (): void => {
      lab.runtime.sandboxes.clear();
      lab.runtime.made.clear();
    };
    replaceEngine();
    await lab.until(async () => (await lab.get('web')).status.podIP !== podIP, 'another address');
    const web = await lab.untilReady('web');
    expect(web.status.containerStatuses?.[0]?.restartCount).to.equal(1);
    expect(web.status.containerStatuses?.[0]?.lastState.terminated).to.include({ exitCode: 137, reason: 'ContainerStatusUnknown' });
    await lab.pass(5000);
    const running = lab.runtime.sandboxes.size;
    expect([...lab.network.attached.keys()].toSorted()).to.deep.equal([...lab.runtime.sandboxes.keys()].toSorted());
    expect(running).to.be.within(1, 2);
    replaceEngine();
    await Promise.all(['web', 'done'].map((name) => lab.client.delete(Pod, { namespace: 'default', name }, { gracePeriodSeconds: 0 })));
    await lab.until(isEmpty, 'nothing left');
    expect(lab.logger.at('error')).to.deep.equal([]);
  });

  it('run on when the agent starts again, which restarts none', async () => {
    lab.runtime.programs.set('other', { exec: () => ({ exitCode: 0, stdout: '', stderr: '' }) });
    await lab.create('web');
    await lab.create('other', { containers: [{ name: 'other', image: 'busybox:1', readinessProbe: { exec: { command: ['x'] }, initialDelaySeconds: 20 } }] });
    await lab.untilReady('web');
    await lab.untilReady('other');
    lab.runtime.exit(lab.runtime.find('main')!.id, 1);
    await lab.until(() => lab.runtime.find('main')?.attempt === 1, 'a restart');
    const ready = await lab.untilReady('web');
    const versions = async () => Promise.all(['web', 'other'].map(async (name) => (await lab.get(name)).metadata.resourceVersion));
    const before = await versions();
    const calls = lab.runtime.calls.length;
    await lab.restart();
    await lab.pass(10_000);
    expect(lab.runtime.calls.slice(calls).filter((call) => !call.startsWith('execSync')), 'probes go on, nothing else happens').to.deep.equal([]);
    expect(await versions(), 'nothing new is said').to.deep.equal(before);
    expect(ready.status.podIP).to.equal((await lab.get('web')).status.podIP);
  });

  it('keep what others say of them', async () => {
    await lab.create('web', { readinessGates: [{ conditionType: 'example.com/gate' }] });
    await lab.until(async () => {
      const pod = await lab.find('web');
      return pod !== undefined && conditionOf(pod, 'Ready')?.reason === 'ReadinessGatesNotReady';
    }, 'the gate');
    expect(conditionOf(await lab.get('web'), 'Ready')?.message).to.equal('corresponding condition of pod readiness gate "example.com/gate" does not exist.');
    await lab.client.patchStatus(Pod, { namespace: 'default', name: 'web' }, { type: 'strategic', document: { status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } } });
    const pod = await lab.untilReady('web');
    expect(conditionOf(pod, 'example.com/gate')?.status).to.equal('True');
  });

  it('that do not fit are refused', async () => {
    await lab.create('big', { containers: [{ name: 'main', image: 'busybox:1', resources: { requests: { cpu: '5' } } }] });
    const big = await lab.untilPhase('big', 'Failed');
    expect(big.status).to.include({ reason: 'OutOfcpu', message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000" });
    expect(big.status.containerStatuses).to.equal(undefined);
    await lab.restart();
    await lab.pass(3000);
    expect((await lab.get('big')).metadata.resourceVersion).to.equal(big.metadata.resourceVersion);
    await lab.create('far', { nodeSelector: { disk: 'hdd' } });
    expect((await lab.untilPhase('far', 'Failed')).status).to.include({ reason: 'NodeAffinity', message: "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" });
    // Whoever made it would make the next at once, and so on, until the agent has seen what the scheduler saw.
    await lab.client.patch(Node, { name: nodeName }, { type: 'merge', document: { metadata: { labels: { rack: 'new' } } } });
    await lab.create('near', { nodeSelector: { rack: 'new' } });
    await lab.untilReady('near');
    const port = { containers: [{ name: 'main', image: 'busybox:1', ports: [{ containerPort: 80, hostPort: 8080 }] }] };
    await lab.create('first', port);
    await lab.untilReady('first');
    await lab.create('second', port);
    expect((await lab.untilPhase('second', 'Failed')).status.reason).to.equal('NodePorts');
    await lab.create('sysctl', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } });
    expect((await lab.untilPhase('sysctl', 'Failed')).status.reason).to.equal('SysctlForbidden');
    await lab.create('users', { hostUsers: false });
    expect((await lab.untilPhase('users', 'Failed')).status.message).to.contain('user namespaces (spec.hostUsers: false) are not supported by this node');
    expect(lab.runtime.sandboxes.size).to.equal(2);
  });

  it('leave nothing when 200 are made and deleted at once', async () => {
    lab.runtime.programs.set('busybox:1', { stopsMs: 500 });
    const names = Array.from({ length: 200 }, (_, i) => `pod-${i}`);
    await Promise.all(names.map((name) => lab.create(name)));
    await lab.pass(1000);
    await Promise.all(names.map((name) => lab.client.delete(Pod, { namespace: 'default', name })));
    await lab.until(async () => (await lab.client.list(Pod, { namespace: 'default' })).items.length === 0, 'all gone', 120_000);
    await lab.pass(2000);
    expect(isEmpty()).to.equal(true);
    expect(lab.logger.at('error')).to.deep.equal([]);
  });
});
