import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PodManager } from '#core/agent/pods/pod-manager.ts';
import type { PodVolumes, PreparedVolume, SubPathRequest, SubPathVolumes } from '#core/agent/volumes/pod-volumes.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Draft, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { DockerRuntime } from '#plugins/runtime/docker/docker-runtime.ts';
import { busyboxImage as image, containers as docker, makeBusyboxImage } from '#test/fixtures/busybox-image.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakePodNetwork } from '#test/fixtures/fake-pod-network.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { requires } from '#test/fixtures/requires.ts';

type DraftContainer = NonNullable<NonNullable<Draft<Pod>['spec']>['containers']>[number];

const nodeName = `kl-pods-${process.pid}`;

/** Each volume is a folder of its own that stays. */
class Folders implements PodVolumes, SubPathVolumes {
  readonly #root: string;
  readonly #of = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  async prepare({ metadata: { uid }, spec: { volumes = [] } }: Pod): Promise<ReadonlyMap<string, PreparedVolume>> {
    const prepared = new Map<string, PreparedVolume>();
    for (const { name } of volumes) {
      const hostPath = join(this.#root, name);
      await mkdir(hostPath, { recursive: true });
      prepared.set(name, { hostPath, kind: 'filesystem', readOnly: false });
    }
    this.#of.add(uid);
    return prepared;
  }

  async subPath({ hostPath, path }: SubPathRequest): Promise<string> {
    await mkdir(join(hostPath, path), { recursive: true });
    return join(hostPath, path);
  }

  async refresh(): Promise<void> {}

  async release(uid: string): Promise<void> {
    this.#of.delete(uid);
  }

  async known(): Promise<readonly { readonly uid: string }[]> {
    return [...this.#of].map((uid) => ({ uid }));
  }

  inUse(): readonly string[] {
    return [];
  }

  async localUsage(): Promise<ReadonlyMap<string, bigint>> {
    return new Map();
  }
}

describe('Pods on Docker', function () {
  this.timeout(120_000);
  const runtime = new DockerRuntime({ node: nodeName });
  const network = new FakePodNetwork();
  const logger = recordingLogger();
  const events: string[] = [];
  let api: InMemoryApi;
  let node: Node;
  let folder: string;
  let manager: PodManager;
  let informing: AbortController;

  before(requires(...docker));
  before(async () => {
    await makeBusyboxImage();
    folder = await mkdtemp(join(tmpdir(), 'keelson-pods-'));
    api = await inMemoryApi(systemClock);
    await api.client.create(Node, { metadata: { name: nodeName } });
    const amounts = { cpu: '8', memory: '8Gi', pods: '200' };
    node = await api.client.patchStatus(Node, { name: nodeName }, { type: 'merge', document: { status: { capacity: amounts, allocatable: amounts } } });
    await start();
  });
  after(async () => {
    await stop();
    const { signal } = new AbortController();
    for (const { id } of await runtime.listSandboxes(signal)) await runtime.removeSandbox(id, signal);
    await api?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const record = (type: string) => (about: KubernetesObject, reason: string, message: string) => events.push(`${about.metadata.name} ${type} ${reason} ${message}`);
    informing = new AbortController();
    const informers = new SharedInformers({ reader: api.client, clock: systemClock, logger });
    void informers.run(informing.signal);
    manager = new PodManager({
      client: api.client, informers, runtime, network, volumes: new Folders(join(folder, 'volumes')), clock: systemClock, logger, recorder: { normal: record('Normal'), warning: record('Warning') },
      rootDir: join(folder, 'agent'),
      node: {
        name: nodeName, node: () => node, hostIPs: () => ['192.168.0.10'], clusterDomain: 'cluster.local', clusterDns: () => ['10.96.0.10'],
        resolver: () => Promise.resolve({ nameservers: ['192.168.0.1'], searches: [], options: [] }), hostsFile: () => readFile('/etc/hosts', 'utf8'),
      },
    });
    await manager.start();
  }

  async function stop(): Promise<void> {
    await manager?.stop();
    informing?.abort(new Error('over'));
  }

  const create = (name: string, container: Partial<DraftContainer> = {}, spec: Draft<Pod>['spec'] = {}): Promise<Pod> => api.client.create(Pod, {
    metadata: { name, namespace: 'default' },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image, imagePullPolicy: 'Never', command: ['/bin/busybox', 'sleep', '1000'], ...container }], ...spec },
  });
  const get = (name: string): Promise<Pod> => api.client.get(Pod, { namespace: 'default', name });
  const remove = (name: string): Promise<void> => api.client.delete(Pod, { namespace: 'default', name });
  const isGone = (name: string): Promise<boolean> => get(name).then(() => false, (error: unknown) => StatusError.is(error, 'NotFound'));
  const wait = (holds: () => Promise<boolean>, what: string): Promise<void> => eventually(holds, `${what}\n${events.slice(-10).join('\n')}\n${logger.lines.slice(-5).map(({ message, fields }) => `${message} ${String(fields['error'])}`).join('\n')}`, 40_000);
  const untilPhase = async (name: string, phase: string): Promise<Pod> => {
    await wait(async () => (await get(name)).status.phase === phase, `${name} ${phase}`);
    return get(name);
  };
  const shell = (script: string) => ({ command: ['/bin/busybox', 'sh', '-c', script] });

  it('write into volumes, and the next pod reads it', async () => {
    const mounts = { volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'deep/er' }] };
    const spec = { restartPolicy: 'Never' as const, volumes: [{ name: 'data', emptyDir: {} }] };
    await create('writer', { ...shell('echo hello > /data/file; echo said > /dev/termination-log'), ...mounts }, spec);
    const pod = await untilPhase('writer', 'Succeeded');
    expect(pod.status.containerStatuses?.[0]?.state.terminated?.message).to.equal('said\n');
    expect(pod.status.containerStatuses?.[0]?.containerID).to.match(/^docker:\/\/[0-9a-f]{64}$/);
    await remove('writer');
    await wait(() => isGone('writer'), 'writer gone');
    await create('reader', { ...shell('read x < /data/file; echo -n $x > /dev/termination-log; exit 3'), ...mounts }, spec);
    const reader = await untilPhase('reader', 'Failed');
    expect(reader.status.containerStatuses?.[0]?.state.terminated).to.include({ exitCode: 3, reason: 'Error', message: 'hello' });
    await remove('reader');
  });

  it('see their variables, files, user and limits', async () => {
    const script = 'busybox id -u; echo $NAME; echo $POD_IP; busybox cat /etc/hosts | busybox tail -1; busybox cat /etc/resolv.conf; busybox hostname; busybox sleep 1000';
    await create('facts', {
      command: ['/bin/busybox', 'sh', '-c', `(${script.replace('; busybox sleep 1000', '')}) > /dev/termination-log; exit 1`],
      env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      securityContext: { runAsUser: 1000 }, resources: { limits: { memory: '32Mi', cpu: '100m' } },
    }, { restartPolicy: 'Never' });
    const pod = await untilPhase('facts', 'Failed');
    const [uid, name, ip, hosts, ...rest] = (pod.status.containerStatuses?.[0]?.state.terminated?.message ?? '').split('\n');
    expect([uid, name, ip]).to.deep.equal(['1000', 'facts', pod.status.podIP]);
    expect(hosts).to.equal(`${pod.status.podIP}\tfacts`);
    expect(rest).to.include.members(['search default.svc.cluster.local svc.cluster.local cluster.local', 'nameserver 10.96.0.10', 'options ndots:5', 'facts']);
    expect(pod.status.qosClass).to.equal('Guaranteed');
    await remove('facts');
  });

  it('are killed by the kernel when they take too much memory, and it is said', async () => {
    await create('greedy', { ...shell('busybox tail /dev/zero'), resources: { limits: { memory: '16Mi' } } }, { restartPolicy: 'Never' });
    const pod = await untilPhase('greedy', 'Failed');
    expect(pod.status.containerStatuses?.[0]?.state.terminated).to.include({ reason: 'OOMKilled', exitCode: 137 });
    await remove('greedy');
  });

  it('run on while no agent runs, and are restarted by none', async () => {
    await create('steady', { livenessProbe: { exec: { command: ['/bin/busybox', 'true'] }, periodSeconds: 1 } });
    const before = await untilPhase('steady', 'Running');
    await stop();
    await start();
    await systemClock.sleep(3000);
    const now = await get('steady');
    expect(now.status.containerStatuses?.[0]?.containerID).to.equal(before.status.containerStatuses?.[0]?.containerID);
    expect(now.status.containerStatuses?.[0]?.restartCount).to.equal(0);
    await remove('steady');
    await wait(() => isGone('steady'), 'steady gone');
  });

  it('say that a program does not exist, and try again', async () => {
    await create('absent', { command: ['/no/such/program'] });
    await wait(async () => (await get('absent')).status.containerStatuses?.[0]?.restartCount === 1, 'a restart');
    await wait(async () => (await get('absent')).status.containerStatuses?.[0]?.state.waiting?.reason === 'CrashLoopBackOff', 'CrashLoopBackOff');
    const [container] = (await get('absent')).status.containerStatuses ?? [];
    expect(container?.lastState.terminated?.reason).to.equal('StartError');
    expect(container?.lastState.terminated?.message).to.contain('/no/such/program');
    await remove('absent');
  });

  it('come back when their sandbox is killed', async () => {
    await create('struck', { readinessProbe: { exec: { command: ['/bin/busybox', 'true'] }, periodSeconds: 1 } });
    await wait(async () => (await get('struck')).status.containerStatuses?.[0]?.ready === true, 'ready');
    const { podIP } = (await get('struck')).status;
    const { signal } = new AbortController();
    const [sandbox] = await runtime.listSandboxes(signal);
    await runtime.stopSandbox(sandbox!.id, signal);
    await wait(async () => {
      const { status } = await get('struck');
      return status.containerStatuses?.[0]?.ready === true && status.podIP !== podIP;
    }, 'ready again');
    expect(events).to.include('struck Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.');
    await remove('struck');
    await wait(() => isGone('struck'), 'struck gone');
  });

  it('share the node\'s network and one another\'s processes when they ask for it', async () => {
    const script = 'busybox hostname; busybox ps';
    await create('sharing', { ...shell(`busybox sleep 1; (${script}) > /dev/termination-log; exit 1`) }, {
      restartPolicy: 'Never', hostNetwork: true, shareProcessNamespace: true, initContainers: [{ name: 'side', image, imagePullPolicy: 'Never', restartPolicy: 'Always', command: ['/bin/busybox', 'sleep', '1234'] }],
    });
    const pod = await untilPhase('sharing', 'Failed');
    const message = pod.status.containerStatuses?.[0]?.state.terminated?.message ?? '';
    expect(message).to.contain('sleep 1234').and.to.contain('/pause');
    expect(message.split('\n')[0]).to.equal(hostname());
    expect(pod.status.podIP).to.equal('192.168.0.10');
    await remove('sharing');
  });

  it('leave nothing when 30 are made and deleted at once', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => create(name)));
    await systemClock.sleep(2000);
    await Promise.all(names.map(remove));
    await wait(async () => (await api.client.list(Pod, { namespace: 'default' })).items.length === 0, 'all gone');
    const { signal } = new AbortController();
    await wait(async () => (await runtime.listSandboxes(signal)).length === 0 && (await runtime.listContainers(signal)).length === 0, 'nothing in Docker');
    expect(network.attached.size).to.equal(0);
    expect(logger.at('error').map(({ message, fields }) => [message, String(fields['error'])])).to.deep.equal([]);
  });
});
