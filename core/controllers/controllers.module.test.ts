import { expect } from 'chai';
import { Container } from 'inversify';
import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { Client } from '#core/client/client.ts';
import { fixedKinds, ServedKinds } from '#core/client/served-kinds.ts';
import { Clock } from '#core/kernel/clock.ts';
import { Logger, silentLogger } from '#core/kernel/logger.ts';
import { Controller } from '#core/reconcile/controller.ts';
import { Informers } from '#core/reconcile/informer.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { builtInResources } from '#core/registry/resources.ts';
import { Instances } from '#core/spi/instances.ts';
import { Routes } from '#core/spi/routes.ts';
import { VolumeDriver } from '#core/spi/volume-driver.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { MemoryDiskDriver } from '#test/fixtures/memory-disk-driver.ts';
import { MemoryInstances } from '#test/fixtures/memory-instances.ts';
import { MemoryRoutes } from '#test/fixtures/memory-routes.ts';
import { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { Bootstrap } from './bootstrap/bootstrap.ts';
import { controllers } from './controllers.module.ts';

describe('controllers.module', () => {
  const compose = async (...drivers: VolumeDriver[]) => {
    const clock = new FakeClock();
    const { client, stop } = await inMemoryApi(clock);
    const container = new Container();
    container.bind(Client).toConstantValue(client);
    container.bind(Clock).toConstantValue(clock);
    container.bind(Logger).toConstantValue(silentLogger);
    container.bind(Informers).toConstantValue(new SharedInformers({ reader: client, clock, logger: silentLogger }));
    for (const driver of drivers) container.bind(VolumeDriver).toConstantValue(driver);
    container.bind(ServedKinds).toConstantValue(fixedKinds(builtInResources.map(({ kind }) => kind)));
    container.load(controllers({ ca: 'PEM', signer: { read: () => Promise.reject(new Error('unused')), sign: () => Promise.reject(new Error('unused')) }, issueForSecret: async () => '', checkDiscovery: async () => undefined, nodeIpam: { clusterCidrs: ['10.244.0.0/16'] },
      joining: { server: () => 'https://192.0.2.1', apiServerHosts: [], nodeDefaults: { clusterCidrs: [], serviceCidrs: [], clusterDns: [], clusterDomain: 'cluster.local' } } }));
    return { container, stop };
  };

  it('makes each controller once, with any number of drivers, and leaves room for those of others', async () => {
    for (const drivers of [[], [new MemoryVolumeDriver(), new MemoryVolumeDriver({ name: 'other.test' })]]) {
      const { container, stop } = await compose(...drivers);
      const mine: Controller = { name: 'mine', sources: [], reconcile: async () => undefined };
      container.bind(Controller).toConstantValue(mine);
      const all = container.getAll(Controller);
      expect(all.map(({ name }) => name)).to.deep.equal([
        'volume-binding', 'volume-provisioning', 'volume-reclaim', 'volume-expansion', 'volume-modification', 'volume-attributes-class-protection', 'snapshot', 'claim-protection', 'volume-protection', 'storage-capacity', 'attach-detach', 'volume-attacher', 'ephemeral-volume', 'namespace',
        'garbage-collection', 'resource-quota', 'service-account', 'root-ca', 'service-account-token',
        'certificate-signing', 'certificate-approving', 'certificate-cleaning', 'clusterrole-aggregation', 'policy-status', 'api-service', 'service-cidr', 'service-address', 'service-load-balancer', 'load-balancer-sweep', 'endpoint-slice', 'endpoints', 'endpoint-slice-mirroring', 'event-ttl', 'node-lifecycle', 'cloud-node', 'cloud-node-lifecycle', 'route', 'taint-eviction', 'pod-garbage-collection', 'disruption', 'stale-disruption-targets', 'replica-set', 'replication-controller', 'daemon-set', 'deployment', 'job', 'job-pod-release', 'ttl-after-finished', 'cron-job', 'node-ipam',
        'bootstrap-signer', 'token-cleaning', 'serving-certificate-approving', 'node-defaults', 'mine',
      ]);
      expect(container.getAll(Controller).every((controller, i) => controller === all[i])).to.equal(true);
      expect(container.get(Bootstrap)).to.be.instanceOf(Bootstrap);
      await stop();
    }
  });

  it('has nodes looked after only when a provider knows instances, or has routes', async () => {
    for (const isBound of [false, true]) {
      const { container, stop } = await compose();
      if (isBound) {
        container.bind(Instances).toConstantValue(new MemoryInstances());
        container.bind(Routes).toConstantValue(new MemoryRoutes());
      }
      const cloud = container.getAll(Controller).filter(({ name }) => ['cloud-node', 'cloud-node-lifecycle', 'route'].includes(name));
      expect(cloud.map(({ sources }) => sources.length)).to.deep.equal(isBound ? [1, 1, 2] : [0, 0, 0]);
      await stop();
    }
  });

  it('has snapshots served where a driver takes some', async () => {
    for (const [driver, count] of [[new MemoryVolumeDriver(), 0], [new MemoryDiskDriver(), 3]] as const) {
      const { container, stop } = await compose(driver);
      await container.get(Bootstrap).run(new AbortController().signal);
      expect((await container.get(Client).list(CustomResourceDefinition)).items, driver.constructor.name).to.have.length(count);
      await stop();
    }
  });

  it('refuses two drivers that answer to one name', async () => {
    const { container, stop } = await compose(new MemoryVolumeDriver(), new MemoryVolumeDriver({ name: 'other.test', aliases: ['memory.test'] }));
    expect(() => container.getAll(Controller)).to.throw('the volume drivers memory.test and other.test both answer to "memory.test"');
    await stop();
  });
});
