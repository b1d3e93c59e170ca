import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Reader } from '#core/client/client.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { MemoryDiskDriver } from '#test/fixtures/memory-disk-driver.ts';
import { MemoryLoadBalancers } from '#test/fixtures/memory-load-balancers.ts';
import { MemoryRoutes } from '#test/fixtures/memory-routes.ts';
import { findStrays } from './strays.ts';

const { signal } = new AbortController();
const graceMs = 600_000;
const later = Date.UTC(2026, 6, 1);
const finalizers = ['service.kubernetes.io/load-balancer-cleanup'];

describe('strays', () => {
  let api: InMemoryApi;
  let driver: MemoryDiskDriver;
  let balancers: MemoryLoadBalancers;
  let routes: MemoryRoutes;

  beforeEach(async () => {
    api = await inMemoryApi(new FakeClock());
    driver = new MemoryDiskDriver();
    balancers = new MemoryLoadBalancers();
    routes = new MemoryRoutes();
  });
  afterEach(() => api.stop());

  /** As over HTTP, where a kind that is not served is not found. */
  const overHttp = (): Reader => ({
    get: (...args) => api.client.get(...args),
    list: (kind, ...rest) => (kind.kind === 'VolumeSnapshotContent' ? Promise.reject(StatusError.notFound(kind, '')) : api.client.list(kind, ...rest)),
    watch: (...args) => api.client.watch(...args),
  });
  const find = ({ isGone = false, now = later } = {}) => findStrays({ volumes: [driver], balancers: [balancers], routes: [routes] }, isGone ? undefined : overHttp(), { now, graceMs }, signal);
  const strays = async (options?: Parameters<typeof find>[0]) => (await find(options)).strays;
  const named = async (options?: Parameters<typeof find>[0]): Promise<string[]> => (await strays(options)).map(({ kind, name }) => `${kind} ${name}`);

  async function volume(name: string): Promise<string> {
    const made = await driver.create({ name, provisioner: driver.name, capacity: { required: 1n }, parameters: {}, use: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', mountOptions: [] }, owner: { namespace: 'default', name: 'c', uid: 'u' } }, signal);
    return made.id;
  }
  const balancer = (owner: LoadBalancerOwner): Promise<unknown> => balancers.ensure({
    owner, name: `a${owner.uid}`, ports: [{ name: '', protocol: 'TCP', port: 80 }], targets: [], families: ['IPv4'], sourceRanges: [], annotations: {}, ingress: [],
  }, signal);
  const service = async (name: string): Promise<LoadBalancerOwner> => {
    const { metadata } = await api.client.create(Service, { metadata: { namespace: 'default', name, finalizers }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    return { namespace: 'default', name, uid: metadata.uid };
  };
  const claim = async (): Promise<string> => {
    const { metadata } = await api.client.create(PersistentVolumeClaim, { metadata: { namespace: 'default', name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    return `pvc-${metadata.uid}`;
  };
  const persistentVolume = (name: string, volumeHandle: string, of = driver.name): Promise<unknown> =>
    api.client.create(PersistentVolume, { metadata: { name }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: of, volumeHandle } } });

  it('are volumes that no PersistentVolume has and no claim waits for', async () => {
    await persistentVolume('kept', await volume('pvc-kept'));
    await volume(await claim());
    await volume('pvc-lost');
    expect(await named()).to.deep.equal(['volume pvc-lost']);
    await persistentVolume('foreign', 'vol-2', 'other.test');
    expect(await named()).to.deep.equal(['volume pvc-lost']);
  });

  it('are no volumes that are younger than the grace', async () => {
    await volume('pvc-lost');
    expect(await named({ now: Date.UTC(2026, 0, 1) + graceMs - 1 })).to.deep.equal([]);
    expect(await named({ isGone: true, now: Date.UTC(2026, 0, 1) + 1 })).to.deep.equal(['volume pvc-lost']);
  });

  it('are load balancers whose Service is gone, or is another one of that name', async () => {
    const owner = await service('web');
    await balancer(owner);
    await balancer({ ...owner, uid: 'of-an-earlier-one' });
    await balancer({ namespace: 'default', name: 'gone', uid: 'gone' });
    expect(await named()).to.have.members(['load balancer default/web', 'load balancer default/gone']);
    for (const stray of await strays()) await stray.remove(signal);
    expect((await balancers.owners()).map(({ uid }) => uid)).to.deep.equal([owner.uid]);
  });

  it('are snapshots that no content has, also where the cluster does not know the kind', async () => {
    const id = await volume('pvc-kept');
    await persistentVolume('kept', id);
    await driver.createSnapshot('snapshot-lost', id, {}, signal);
    expect(await named()).to.deep.equal(['snapshot snapshot-lost']);
  });

  it('are routes for pods of no node', async () => {
    await api.client.create(Node, { metadata: { name: 'n' }, spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } });
    const route = (name: string, destination: string): Promise<unknown> => routes.create({ name, destination, target: { node: 'n', uid: 'u', providerId: 'memory://n', addresses: [] } }, signal);
    await route('one', '10.1.0.0/24');
    await route('two', '10.2.0.0/24');
    expect(await named()).to.deep.equal(['route 10.2.0.0/24']);
  });

  it('are told of the platforms that answer, when another does not', async () => {
    await volume('pvc-lost');
    routes.failure = new ProviderError('Unavailable', 'out of order');
    const { strays: found, failures } = await find();
    expect([found.map(({ name }) => name), failures.map(String)]).to.deep.equal([['pvc-lost'], ['ProviderError: out of order']]);
  });

  it('are all there is, of a cluster that is gone; what holds data says so, and everything can be removed', async () => {
    const id = await volume(await claim());
    await driver.createSnapshot('snapshot-a', id, {}, signal);
    await balancer(await service('web'));
    const found = await strays({ isGone: true });
    expect(found.map(({ kind, holdsData }) => [kind, holdsData])).to.have.deep.members([['volume', true], ['snapshot', true], ['load balancer', false]]);
    for (const stray of found) await stray.remove(signal);
    expect([driver.volumes.size, driver.snapshots.size, balancers.parts.size]).to.deep.equal([0, 0, 0]);
  });
});
