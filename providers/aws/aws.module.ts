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
import { SdkAwsApi } from './api.ts';
import { awsBudgets } from './budgets.ts';
import type { AwsContext } from './context.ts';
import { EbsVolumeDriver } from './ebs/volume-driver.ts';
import { AwsInstances } from './instances.ts';
import { NetworkLoadBalancers } from './load-balancers/load-balancers.ts';
import { EbsNodeVolumeDriver } from './node-volume-driver.ts';
import { AwsPlace } from './place.ts';
import { AwsRoutes } from './routes.ts';
import { awsSettings, type AwsSettings } from './settings.ts';

const Context = token<AwsContext>('providers/aws/AwsContext');
const Api = token<SdkAwsApi>('providers/aws/SdkAwsApi');

/** For the process with the controllers. */
export function aws(settings: AwsSettings, environment: Readonly<Record<string, string | undefined>>): ContainerModule {
  const place = new AwsPlace({ settings, environment });
  const { signal } = new AbortController();
  return new ContainerModule(({ bind }) => {
    bind(Api).toResolvedValue((clock, log) => new SdkAwsApi({ settings, region: () => place.region(signal), calls: guardedCalls({ budgets: awsBudgets, clock, log }).calls }), [Clock, Logger]).inSingletonScope();
    bind(Context).toResolvedValue((api, clock, log, identity): AwsContext => ({
      api, settings, clock, log: log.with({ provider: 'aws' }),
      clusterId: async (aborting) => settings.clusterId ?? identity.uid(aborting),
      region: (aborting) => place.region(aborting),
      vpcId: (aborting) => place.vpcId(api, aborting),
    }), [Api, Clock, Logger, ClusterIdentity]).inSingletonScope();
    bind(VolumeDriver).toResolvedValue((context) => new EbsVolumeDriver(context), [Context]).inSingletonScope();
    bind(Instances).toResolvedValue((context) => new AwsInstances(context), [Context]).inSingletonScope();
    if (settings.loadBalancers) bind(LoadBalancers).toResolvedValue((context) => new NetworkLoadBalancers(context), [Context]).inSingletonScope();
    if (settings.routes) bind(Routes).toResolvedValue((context) => new AwsRoutes(context), [Context]).inSingletonScope();
    bind(BootstrapObject).toConstantValue(bootstrapObject(CSIDriver, {
      metadata: { name: 'ebs.csi.aws.com' }, spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: 'File', volumeLifecycleModes: ['Persistent'] },
    }));
    bind(Component).toResolvedValue((api): Component => ({
      name: 'connections to AWS', start: () => Promise.resolve(),
      stop: () => {
        api.close();
        return Promise.resolve();
      },
    }), [Api]).inSingletonScope();
  });
}

/** For the process of a node agent: what brings volumes to its pods. It calls nothing but the machine's own metadata. */
export function awsNode(settings: AwsSettings, { providerId, agentDir, environment }: { readonly providerId: string | undefined; readonly agentDir: string; readonly environment: Readonly<Record<string, string | undefined>> }): ContainerModule {
  const place = new AwsPlace({ settings, environment });
  return new ContainerModule(({ bind }) => {
    // A machine of somebody else's has none of these devices.
    if (providerId !== undefined && !providerId.startsWith('aws://')) return;
    bind(NodeVolumeDriver).toResolvedValue((clock, log) => new EbsNodeVolumeDriver({ settings, place, providerId, agentDir, clock, log }), [Clock, Logger]).inSingletonScope();
  });
}

export const keelsonModule: KeelsonModule = {
  name: 'aws',
  create: ({ config, agentDir, providerId }) => {
    const settings = awsSettings(config);
    return agentDir === undefined ? aws(settings, process.env) : awsNode(settings, { providerId, agentDir, environment: process.env });
  },
};
