import { ContainerModule } from 'inversify';
import { CSIDriver } from '#core/api/schema/storage-v1.ts';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { token } from '#core/kernel/token.ts';
import { guardedCalls } from '#core/platform-calls/guarded-calls.ts';
import { bootstrapObject, BootstrapObject } from '#core/spi/bootstrap-object.ts';
import { ClusterIdentity } from '#core/spi/cluster-identity.ts';
import { Instances } from '#core/spi/instances.ts';
import { LoadBalancers } from '#core/spi/load-balancers.ts';
import { Routes } from '#core/spi/routes.ts';
import { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';
import { SdkGcpApi } from './api.ts';
import { gcpBudgets } from './budgets.ts';
import { zonesOf, type GcpContext } from './context.ts';
import { PersistentDiskVolumeDriver } from './persistent-disk/volume-driver.ts';
import { GcpInstances } from './instances.ts';
import { PassthroughLoadBalancers } from './load-balancers/load-balancers.ts';
import { PersistentDiskNodeVolumeDriver } from './node-volume-driver.ts';
import { GcpPlace } from './place.ts';
import { GcpRoutes } from './routes.ts';
import { gcpSettings, type GcpSettings } from './settings.ts';

// Its parts are loaded when they are first needed; that it is missing must be known at once.
import.meta.resolve('@google-cloud/compute');

const Context = token<GcpContext>('providers/gcp/GcpContext');
const Api = token<SdkGcpApi>('providers/gcp/SdkGcpApi');

/** For the process with the controllers. */
export function gcp(settings: GcpSettings, environment: Readonly<Record<string, string | undefined>>): ContainerModule {
  const place = new GcpPlace({ settings, environment });
  return new ContainerModule(({ bind }) => {
    bind(Api).toResolvedValue((clock, log) => new SdkGcpApi({ settings, project: (aborting) => place.project(aborting), clock, calls: guardedCalls({ budgets: gcpBudgets, clock, log }).calls }), [Clock, Logger]).inSingletonScope();
    bind(Context).toResolvedValue((api, clock, log, identity): GcpContext => ({
      api, settings, clock, log: log.with({ provider: 'gcp' }),
      clusterId: async (aborting) => settings.clusterId ?? identity.uid(aborting),
      project: (aborting) => place.project(aborting),
      region: (aborting) => place.region(aborting),
      zones: zonesOf(api, (aborting) => place.project(aborting), (aborting) => place.region(aborting)),
    }), [Api, Clock, Logger, ClusterIdentity]).inSingletonScope();
    bind(VolumeDriver).toResolvedValue((context) => new PersistentDiskVolumeDriver(context), [Context]).inSingletonScope();
    bind(Instances).toResolvedValue((context) => new GcpInstances(context), [Context]).inSingletonScope();
    if (settings.loadBalancers) bind(LoadBalancers).toResolvedValue((context) => new PassthroughLoadBalancers(context), [Context]).inSingletonScope();
    if (settings.routes) bind(Routes).toResolvedValue((context) => new GcpRoutes(context), [Context]).inSingletonScope();
    bind(BootstrapObject).toConstantValue(bootstrapObject(CSIDriver, {
      metadata: { name: 'pd.csi.storage.gke.io' }, spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: 'File', volumeLifecycleModes: ['Persistent'] },
    }));
    bind(Component).toResolvedValue((api): Component => ({
      name: 'connections to Google Cloud', start: () => Promise.resolve(),
      stop: () => api.close(),
    }), [Api]).inSingletonScope();
  });
}

/** For the process of a node agent: what brings volumes to its pods. It calls nothing but the machine's own metadata. */
export function gcpNode(settings: GcpSettings, { providerId, agentDir, environment }: { readonly providerId: string | undefined; readonly agentDir: string; readonly environment: Readonly<Record<string, string | undefined>> }): ContainerModule {
  const place = new GcpPlace({ settings, environment });
  return new ContainerModule(({ bind }) => {
    // A machine of somebody else's has none of these devices.
    if (providerId !== undefined && !providerId.startsWith('gce://')) return;
    bind(NodeVolumeDriver).toResolvedValue((clock, log) => new PersistentDiskNodeVolumeDriver({ settings, place, providerId, agentDir, clock, log }), [Clock, Logger]).inSingletonScope();
  });
}

export const keelsonModule: KeelsonModule = {
  name: 'gcp',
  create: ({ config, agentDir, providerId }) => {
    const settings = gcpSettings(config);
    return agentDir === undefined ? gcp(settings, process.env) : gcpNode(settings, { providerId, agentDir, environment: process.env });
  },
};
