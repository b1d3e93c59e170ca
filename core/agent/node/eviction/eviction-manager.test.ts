import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { Container, ContainerUsage, Sandbox } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { FakeMachine } from '#test/fixtures/fake-machine.ts';
import { EvictionManager, type EvictionOptions } from './eviction-manager.ts';
import { parseThresholds } from './thresholds.ts';

const mebi = 2n ** 20n;

interface Draft {
  readonly name: string;
  /** MiB. */
  readonly memory?: number;
  readonly disk?: number;
  readonly volumes?: Readonly<Record<string, number>>;
  readonly requests?: Record<string, string>;
  readonly limits?: Record<string, string>;
  readonly sizeLimit?: string;
  readonly priority?: number;
  readonly phase?: 'Running' | 'Failed';
  readonly qosClass?: 'BestEffort' | 'Burstable';
  readonly tolerates?: string;
  readonly annotations?: Record<string, string>;
}

const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as unknown as Node;

function podOf({ name, requests, limits, sizeLimit, priority, phase = 'Running', qosClass = 'Burstable', tolerates, annotations }: Draft): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: name, ...(annotations ? { annotations } : {}) },
    spec: {
      containers: [{ name: 'main', resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) } }], ...(priority === undefined ? {} : { priority }),
      ...(sizeLimit === undefined ? {} : { volumes: [{ name: 'scratch', emptyDir: { sizeLimit } }] }), ...(tolerates === undefined ? {} : { tolerations: [{ key: tolerates, operator: 'Exists' }] }),
    },
    status: { phase, qosClass },
  } as unknown as Pod;
}

describe('EvictionManager', () => {
  const { signal } = new AbortController();
  let clock: FakeClock;
  let machine: FakeMachine;
  let pods: Draft[];
  let evicted: string[];
  let messages: Map<string, string>;
  let graces: number[];
  let events: string[];
  let measured: number;
  let isEngineDown: boolean;

  beforeEach(() => {
    clock = new FakeClock();
    machine = new FakeMachine();
    [pods, evicted, graces, events, measured, isEngineDown] = [[], [], [], [], 0, false];
    messages = new Map();
  });

  const record = (about: { readonly metadata: { readonly name: string } }, reason: string): void => {
    events.push(`${about.metadata.name} ${reason}`);
  };
  const manager = (changes: Partial<EvictionOptions> = {}): EvictionManager => new EvictionManager({
    clock, machine, thresholds: parseThresholds({ hard: 'memory.available<100Mi,nodefs.available<10%,imagefs.available<15%,pid.available<10%' }), logger: silentLogger, nodeDir: '/var/lib/keelson',
    node: () => node, pods: { pods: () => pods.map(podOf) }, recorder: { normal: record, warning: record },
    volumes: { localUsage: async (uid) => new Map(Object.entries(pods.find(({ name }) => name === uid)?.volumes ?? {}).map(([name, size]) => [name, BigInt(size) * mebi])) },
    evictor: {
      async evict(uid, reason, message, graceSeconds) {
        evicted.push(uid);
        messages.set(uid, `${reason}: ${message}`);
        graces.push(graceSeconds);
        pods = pods.filter(({ name }) => name !== uid);
      },
    },
    runtime: {
      async imageFileSystem() {
        if (isEngineDown) throw new ProviderError('Unavailable', 'no engine');
        return '/var/lib/docker';
      },
      listSandboxes: async () => pods.map(({ name }) => ({ id: `s-${name}`, pod: { namespace: 'default', name, uid: name } }) as Sandbox),
      listContainers: async () => pods.map(({ name }, i) => ({ id: `c-${name}`, sandboxId: `s-${name}`, name: 'main', state: 'Running', pid: 1000 + i }) as Container),
      async usage() {
        measured++;
        return pods.map(({ name, memory = 0, disk }) => ({ id: `c-${name}`, memoryWorkingSet: BigInt(memory) * mebi, ...(disk === undefined ? {} : { writableLayer: BigInt(disk) * mebi }) }) as ContainerUsage);
      },
    }, ...changes,
  });

  it('leaves everybody alone, and measures nobody, while there is enough', async () => {
    pods = [{ name: 'a', memory: 5000 }];
    const subject = manager();
    await subject.look(signal);
    expect([evicted, measured, subject.pressures]).to.deep.equal([[], 0, { memory: false, disk: false, pid: false }]);
  });

  it('ends one pod at a time: over its request, then of low priority, then the largest', async () => {
    pods = [
      { name: 'within-request', memory: 900, requests: { memory: '1Gi' } }, { name: 'important', memory: 800, priority: 1000 },
      { name: 'small', memory: 10 }, { name: 'large', memory: 300 }, { name: 'ended', memory: 9000, phase: 'Failed' },
      { name: 'critical', memory: 9000, priority: 2_000_000_000 }, { name: 'static', memory: 9000, annotations: { 'kubernetes.io/config.source': 'file' } },
    ];
    machine.leave(51n * mebi);
    const subject = manager();
    for (let pass = 0; pass < 6; pass++) {
      await subject.look(signal);
      await clock.advance(10_000);
    }
    expect(evicted).to.deep.equal(['large', 'small', 'important', 'within-request']);
    expect(messages.get('large')).to.equal('Evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 51Mi. Container main was using 300Mi, request is 0, has larger consumption of memory. ');
    expect(messages.get('within-request')).to.equal('Evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 51Mi. ');
    expect(new Set(graces)).to.deep.equal(new Set([1]));
    expect(subject.pressures.memory).to.equal(true);
    expect(events.slice(0, 2)).to.deep.equal(['n1 EvictionThresholdMet', 'large Evicted']);
  });

  it('tries first what nothing needs when the disk is full', async () => {
    pods = [{ name: 'a', disk: 10 }];
    machine.leaveDisk('/', 5n);
    const calls: string[] = [];
    const subject = manager({
      containers: { removeAll: async () => void calls.push('containers') },
      images: {
        async removeUnused() {
          calls.push('images');
          machine.leaveDisk('/', 50n);
        },
      },
    });
    await subject.look(signal);
    expect([calls, evicted]).to.deep.equal([['containers', 'images'], []]);
    expect(subject.pressures.disk).to.equal(true);
  });

  it('ends the pod with most on the disk when that was not enough', async () => {
    pods = [{ name: 'a', disk: 10, volumes: { scratch: 5 } }, { name: 'b', disk: 1, volumes: { scratch: 50 } }, { name: 'c', disk: 100, requests: { 'ephemeral-storage': '1Gi' } }];
    machine.leaveDisk('/', 5n);
    const failing = { removeAll: () => Promise.reject(new Error('no')) };
    await manager({ containers: failing, images: { removeUnused: async () => undefined } }).look(signal);
    expect(evicted).to.deep.equal(['b']);
    expect(messages.get('b')).to.match(/^Evicted: The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 5Gi. Container main was using 1Mi, request is 0/);
  });

  it('ends the pod with most processes when there are too many', async () => {
    pods = [{ name: 'a' }, { name: 'b' }, { name: 'c', priority: 10 }];
    for (const [pid, count] of [[1000, 5], [1001, 500], [1002, 9000]] as const) {
      machine.files.set(`/proc/${pid}/cgroup`, `12:pids:/docker/${pid}\n1:name=systemd:/docker/${pid}\n`);
      machine.files.set(`/sys/fs/cgroup/pids/docker/${pid}/pids.current`, `${count}\n`);
    }
    machine.files.set('/proc/loadavg', '9 9 9 3/31000 99999\n');
    await manager().look(signal);
    expect(evicted).to.deep.equal(['b']);
    expect(messages.get('b')).to.equal('Evicted: The node was low on resource: pids. Threshold quantity: 3276, available: 1768. ');
  });

  it('gives pods their time under a soft threshold', async () => {
    pods = [{ name: 'a', memory: 10 }];
    machine.leave(50n * mebi);
    const subject = manager({ thresholds: parseThresholds({ hard: '', soft: 'memory.available<100Mi', softGracePeriod: 'memory.available=30s' }), maxPodGraceSeconds: 20 });
    await subject.look(signal);
    expect(evicted).to.deep.equal([]);
    await clock.advance(30_000);
    await subject.look(signal);
    expect([evicted, graces]).to.deep.equal([['a'], [20]]);
  });

  it('ends pods that take more of the disk than they may, whatever is left of it', async () => {
    pods = [
      { name: 'volume', volumes: { scratch: 11 }, sizeLimit: '10Mi' }, { name: 'total', disk: 8, volumes: { cache: 5 }, limits: { 'ephemeral-storage': '10Mi' } },
      { name: 'good', disk: 8, volumes: { scratch: 9 }, sizeLimit: '10Mi', limits: { 'ephemeral-storage': '20Mi' } }, { name: 'free', disk: 5000 },
    ];
    await manager().look(signal);
    expect(Object.fromEntries(messages)).to.deep.equal({
      volume: 'Evicted: Usage of EmptyDir volume "scratch" exceeds the limit "10Mi". ', total: 'Evicted: Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
    });
  });

  it('takes in what it can bear', async () => {
    const subject = manager();
    const pod = (draft: Omit<Draft, 'name'>): string | undefined => subject.admit(podOf({ name: 'p', ...draft }))?.message;
    expect(pod({ qosClass: 'BestEffort' })).to.equal(undefined);
    machine.leave(50n * mebi);
    await subject.look(signal);
    expect([pod({}), pod({ qosClass: 'BestEffort', tolerates: 'node.kubernetes.io/memory-pressure' }), pod({ qosClass: 'BestEffort', priority: 2_000_000_001 })]).to.deep.equal([undefined, undefined, undefined]);
    expect(pod({ qosClass: 'BestEffort' })).to.equal('The node had condition: [MemoryPressure]. ');
    machine.leaveDisk('/', 5n);
    await subject.look(signal);
    expect(pod({})).to.equal('The node had condition: [MemoryPressure DiskPressure]. ');
  });

  it('watches memory while the engine is away, and tells when a pressure turns', async () => {
    isEngineDown = true;
    let turns = 0;
    const subject = manager({ changed: () => turns++ });
    await subject.start();
    await settle();
    machine.leave(50n * mebi);
    await clock.advance(20_000);
    expect([subject.pressures.memory, turns]).to.deep.equal([true, 1]);
    machine.leave(5000n * mebi);
    await clock.advance(310_000);
    expect([subject.pressures.memory, turns]).to.deep.equal([false, 2]);
    await subject.stop();
  });
});
