import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { token } from '#core/kernel/token.ts';
import { Instances } from '#core/spi/instances.ts';
import { LoadBalancers } from '#core/spi/load-balancers.ts';
import { NodeMachines } from '#core/spi/machines.ts';
import { Routes } from '#core/spi/routes.ts';
import { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';
import { BootstrapObject } from '#core/spi/bootstrap-object.ts';
import { userspaceProxy } from '#plugins/proxy/userspace/userspace.module.ts';
import { runCommand } from '#plugins/volumes/block-device/block-device.module.ts';
import { AddressPool } from './address-pool.ts';
import { Ledger } from './balancer-ledger.ts';
import { localBootstrapObjects } from './bootstrap-objects.ts';
import { diskFiles } from './files.ts';
import { FilesThread } from './files-thread.ts';
import { LinuxAddresses } from './host-addresses.ts';
import { Kernel } from './kernel-state.ts';
import { LocalLoadBalancers, releaseAddresses } from './load-balancers.ts';
import { describeAbilities, thisMachine } from './machine.ts';
import { LocalInstances } from './instances.ts';
import { LocalMachines } from './machines/machines.ts';
import { LocalNodeVolumeDriver } from './node-volume-driver.ts';
import type { PoolsOptions } from './pools.ts';
import { LocalPools } from './pools.ts';
import { PoolsOpener } from './pools-opener.ts';
import { LocalRoutes } from './routes.ts';
import { localSettings } from './settings.ts';
import { DRIVER_NAME, LocalVolumeDriver } from './volume-driver.ts';

export interface LocalOptions extends PoolsOptions {
  /** Name of this machine's node, as its label `kubernetes.io/hostname` says it. */
  readonly nodeName: string;
  /** All nodes of this machine, when it has several. */
  readonly nodeNames?: readonly string[] | undefined;
  /** Folder below which all mounts of the node are; those elsewhere are of other nodes of the machine. Everywhere when undefined. */
  readonly agentDir?: string | undefined;
  readonly balancers?: LocalBalancerOptions | undefined;
  readonly instances?: LocalInstancesSettings | undefined;
}

/** For the process of the control plane. */
export interface LocalInstancesSettings {
  /** Has routes to machines' pods made in this computer's own network. */
  readonly isRouting: boolean;
}

/** For the process that makes load balancers: of one machine there is one. */
export interface LocalBalancerOptions {
  /** Where their addresses are written down. */
  readonly folder: string;
  /** Ranges of addresses for them; with none they have the machine's own. */
  readonly pool: readonly string[];
}

const Pools = token<LocalPools>('providers/local/LocalPools');
const Balancers = token<LocalLoadBalancers>('providers/local/LocalLoadBalancers');
/** A node that does not take a connection in this time is passed over. */
const connectMs = 2_000;

export function local(options: LocalOptions): ContainerModule {
  const { nodeName, nodeNames, agentDir } = options;
  const kernel = new Kernel();
  const machine = thisMachine();
  const thread = new FilesThread();
  return new ContainerModule(({ bind }) => {
    bind(Pools).toResolvedValue((clock, log) => new LocalPools(options, thread.files, clock, log), [Clock, Logger]).inSingletonScope();
    bind(VolumeDriver).toResolvedValue((pools, clock) => new LocalVolumeDriver({ pools, kernel, machine, clock, nodeName, nodeNames }), [Pools, Clock]).inSingletonScope();
    bind(NodeVolumeDriver).toResolvedValue((pools) => new LocalNodeVolumeDriver({ pools, kernel, machine, files: diskFiles, run: runCommand, nodeName, agentDir }), [Pools]).inSingletonScope();
    bind(Component).toResolvedValue((pools, log) => new PoolsOpener(pools, log, () => thread.close()), [Pools, Logger]).inSingletonScope();
    bind(NodeMachines).toResolvedValue(() => new LocalMachines(runCommand, options.root)).inSingletonScope();
    for (const object of localBootstrapObjects(DRIVER_NAME)) bind(BootstrapObject).toConstantValue(object);
    if (options.instances !== undefined) bind(Instances).toResolvedValue((machines) => new LocalInstances({ machines, place: options.root, wanted: new Set(nodeNames) }), [NodeMachines]).inSingletonScope();
    if (options.instances?.isRouting === true) bind(Routes).toResolvedValue((machines) => new LocalRoutes(runCommand, machines, options.root), [NodeMachines]).inSingletonScope();
    if (options.balancers === undefined) return;
    const { folder, pool } = options.balancers;
    bind(Balancers).toResolvedValue((clock, log) => new LocalLoadBalancers({
      proxy: userspaceProxy({ clock, nodePortAddresses: [], connectMs }), ledger: new Ledger(folder), host: new LinuxAddresses(runCommand), pool: pool.length === 0 ? undefined : new AddressPool(pool), clock, log,
    }), [Clock, Logger]).inSingletonScope();
    bind(LoadBalancers).toService(Balancers);
    bind(Component).toResolvedValue((balancers): Component => ({ name: 'local load balancers', start: () => Promise.resolve(), stop: () => balancers.stop() }), [Balancers]).inSingletonScope();
  });
}

const balancersFolder = (stateDir: string): string => join(stateDir, 'load-balancers');

export const keelsonModule: KeelsonModule = {
  name: 'local',
  create: ({ stateDir, nodeName, nodeNames, isGuest, agentDir, config }) => {
    const { nodePaths, poolSize, loadBalancers, loadBalancerPool: pool, routes: isRouting } = localSettings(process.env, config);
    const ofControlPlane = agentDir === undefined && isGuest !== true ? { ...(loadBalancers ? { balancers: { folder: balancersFolder(stateDir), pool } } : {}), instances: { isRouting } } : {};
    return local({ root: join(stateDir, 'volumes'), nodeName, nodeNames, isGuest, agentDir, nodePaths, poolSize, ...ofControlPlane });
  },
  remove: ({ stateDir }, signal) => releaseAddresses(new Ledger(balancersFolder(stateDir)), new LinuxAddresses(runCommand), signal),
  abilities: () => describeAbilities(thisMachine()),
};
