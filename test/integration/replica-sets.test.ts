import { expect } from 'chai';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { ReplicaSetController } from '#core/controllers/replica-set/controller.ts';
import { replicaSets } from '#core/controllers/replica-set/pod-set.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { eventually } from '#test/fixtures/eventually.ts';

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'i' }] } };

/** A namespace in which pods can be made. */
class Place {
  readonly client: Client;
  readonly namespace: string;

  constructor(client: Client, namespace: string) {
    this.client = client;
    this.namespace = namespace;
  }

  async open(): Promise<this> {
    const { client, namespace } = this;
    await client.create(Namespace, { metadata: { name: namespace } });
    await eventually(() => client.get(ServiceAccount, { namespace, name: 'default' }).then(() => true, () => false), 'the account of pods');
    return this;
  }

  key = (name: string) => ({ namespace: this.namespace, name });

  make(name: string, replicas: number, spec: Partial<Draft<ReplicaSet>['spec']> = {}): Promise<ReplicaSet> {
    return this.client.create(ReplicaSet, { metadata: this.key(name), spec: { replicas, selector: { matchLabels: labels }, template, ...spec } });
  }

  async pods(): Promise<Pod[]> {
    return (await this.client.list(Pod, { namespace: this.namespace })).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async has(count: number, withinMs = 5000): Promise<void> {
    await eventually(async () => (await this.pods()).length === count, `${count} pods in ${this.namespace}`, withinMs);
  }

  /** Until the set's status says so many. */
  async counts(name: string, replicas: number, withinMs = 5000): Promise<ReplicaSet['status']> {
    let status: ReplicaSet['status'] | undefined;
    await eventually(async () => {
      const set = await this.client.get(ReplicaSet, this.key(name));
      status = set.status;
      return status.replicas === replicas && status.observedGeneration === set.metadata.generation;
    }, `a status of ${replicas} replicas`, withinMs);
    return status!;
  }

  async events(reason: string): Promise<Event[]> {
    return (await this.client.list(Event, { namespace: this.namespace })).items.filter((event) => event.reason === reason);
  }
}

describe('replica sets', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let number = 0;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane?.stop());
  const place = (): Promise<Place> => new Place(plane.client, `sets-${++number}`).open();

  it('are scaled up and down through the API, and events tell of it', async () => {
    const here = await place();
    await here.make('web', 2);
    await here.has(2);
    for (const replicas of [7, 3, 0, 4]) {
      await here.client.patch(ReplicaSet, here.key('web'), { type: 'merge', document: { spec: { replicas } } }, { subresource: 'scale' });
      await here.has(replicas);
      await here.counts('web', replicas);
    }
    const made = async (): Promise<string[]> => (await here.events('SuccessfulCreate')).filter(({ source }) => source?.component === 'replicaset-controller').map(({ message }) => message ?? '');
    await eventually(async () => (await made()).length > 0, 'events');
    expect((await made()).every((message) => /^Created pod: web-[a-z0-9]{5}$/.test(message) || message.startsWith('(combined from similar events): '))).to.equal(true);
  });

  it('adopt pods, and leave them behind when they are deleted so', async () => {
    const here = await place();
    await here.client.create(Pod, { metadata: { ...here.key('bare'), labels }, spec: template.spec });
    const { metadata: { uid } } = await here.make('web', 3);
    await here.has(3);
    await eventually(async () => (await here.pods()).every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid), 'the adoption');
    await here.client.delete(ReplicaSet, here.key('web'), { propagationPolicy: 'Orphan' });
    const isGone = (): Promise<boolean> => here.client.get(ReplicaSet, here.key('web')).then(() => false, (error: unknown) => StatusError.is(error, 'NotFound'));
    await eventually(isGone, 'the end of the set');
    expect((await here.pods()).map(({ metadata }) => metadata.ownerReferences ?? [])).to.deep.equal([[], [], []]);
    const heir = await here.make('heir', 3);
    await eventually(async () => (await here.pods()).every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === heir.metadata.uid), 'the adoption by another set');
    expect(await here.pods()).to.have.length(3);
    await here.client.delete(ReplicaSet, here.key('heir'), { propagationPolicy: 'Background' });
    await here.has(0);
  });

  it('say in their status what a quota refuses', async () => {
    const here = await place();
    await here.client.create(ResourceQuota, { metadata: here.key('few'), spec: { hard: { pods: '3' } } });
    await eventually(async () => (await here.client.get(ResourceQuota, here.key('few'))).status.hard?.['pods'] === '3', 'the quota');
    await here.make('web', 40);
    await here.has(3);
    await eventually(async () => (await here.counts('web', 3)).conditions?.[0]?.reason === 'FailedCreate', 'the condition');
    expect((await here.counts('web', 3)).conditions?.[0]?.message).to.match(/^pods "web-[a-z0-9]{5}" is forbidden: exceeded quota: few, requested: pods=1, used: pods=3, limited: pods=3$/);
    await eventually(async () => (await here.events('FailedCreate')).some(({ message = '' }) => message.includes('Error creating: pods "web-')), 'the event');
    await here.client.patch(ReplicaSet, here.key('web'), { type: 'merge', document: { spec: { replicas: 3 } } });
    await eventually(async () => (await here.counts('web', 3)).conditions === undefined, 'the end of the condition');
  });

  it('have five hundred pods before long, each made once', async () => {
    const here = await place();
    await here.make('web', 500);
    await here.counts('web', 500, 30_000);
    expect(await here.pods()).to.have.length(500);
    expect(new Set((await here.pods()).map(({ metadata }) => metadata.name)).size).to.equal(500);
    await here.client.patch(ReplicaSet, here.key('web'), { type: 'merge', document: { spec: { replicas: 0 } } });
    await here.counts('web', 0, 30_000);
  });

  it('are kept by ReplicationControllers as well', async () => {
    const here = await place();
    await here.client.create(ReplicationController, { metadata: here.key('old'), spec: { replicas: 2, template } });
    await here.has(2);
    expect((await here.pods()).map(({ metadata }) => metadata.ownerReferences?.[0]?.kind)).to.deep.equal(['ReplicationController', 'ReplicationController']);
    await here.client.delete(ReplicationController, here.key('old'));
    await here.has(0);
  });

  it('have as many pods as they want also while two servers believe that they lead', async () => {
    const here = await place();
    const informers = new SharedInformers({ reader: plane.client, clock: systemClock, logger: silentLogger });
    const recorder = { normal: () => undefined, warning: () => undefined };
    const second = new ReplicaSetController({ client: plane.client, informers, clock: systemClock, recorder, name: 'replica-set', kind: replicaSets });
    const manager = new Manager({ controllers: [second], informers, clock: systemClock, logger: silentLogger });
    await manager.start(new AbortController().signal);
    try {
      await here.make('web', 20);
      for (const replicas of [20, 5, 12]) {
        await here.client.patch(ReplicaSet, here.key('web'), { type: 'merge', document: { spec: { replicas } } });
        await here.has(replicas);
        await here.counts('web', replicas);
      }
    } finally {
      await manager.stop();
    }
    // Whoever is left has taken in all that the other did.
    await here.client.patch(ReplicaSet, here.key('web'), { type: 'merge', document: { spec: { replicas: 8 } } });
    await here.has(8);
    await here.counts('web', 8);
  });
});
