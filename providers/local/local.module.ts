import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import { Quantity } from '#core/api/quantity.ts';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { token } from '#core/kernel/token.ts';
import { NodeMachines } from '#core/spi/machines.ts';
import { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';
import { BootstrapObject } from '#core/spi/bootstrap-object.ts';
import { localBootstrapObjects } from './bootstrap-objects.ts';
import { runCommand } from './commands.ts';
import { diskFiles } from './files.ts';
import { Kernel } from './kernel-state.ts';
import { describeAbilities, thisMachine } from './machine.ts';
import { LocalMachines } from './machines/machines.ts';
import { LocalNodeVolumeDriver } from './node-volume-driver.ts';
import type { PoolsOptions } from './pools.ts';
import { LocalPools } from './pools.ts';
import { PoolsOpener } from './pools-opener.ts';
import { DRIVER_NAME, LocalVolumeDriver } from './volume-driver.ts';

export interface LocalOptions extends PoolsOptions {
  /** Name of this machine's node, as its label `kubernetes.io/hostname` says it. */
  readonly nodeName: string;
  /** All nodes of this machine, when it has several. */
  readonly nodeNames?: readonly string[] | undefined;
  /** Folder below which all mounts of the node are; those elsewhere are of other nodes of the machine. Everywhere when undefined. */
  readonly agentDir?: string | undefined;
}

const Pools = token<LocalPools>('providers/local/LocalPools');

export function local(options: LocalOptions): ContainerModule {
  const { nodeName, nodeNames, agentDir } = options;
  const kernel = new Kernel();
  const machine = thisMachine();
  return new ContainerModule(({ bind }) => {
    bind(Pools).toResolvedValue((clock, log) => new LocalPools(options, diskFiles, clock, log), [Clock, Logger]).inSingletonScope();
    bind(VolumeDriver).toResolvedValue((pools, clock) => new LocalVolumeDriver({ pools, kernel, machine, clock, nodeName, nodeNames }), [Pools, Clock]).inSingletonScope();
    bind(NodeVolumeDriver).toResolvedValue((pools) => new LocalNodeVolumeDriver({ pools, kernel, machine, files: diskFiles, run: runCommand, nodeName, agentDir }), [Pools]).inSingletonScope();
    bind(Component).toResolvedValue((pools, log) => new PoolsOpener(pools, log), [Pools, Logger]).inSingletonScope();
    bind(NodeMachines).toResolvedValue(() => new LocalMachines(runCommand, options.root)).inSingletonScope();
    for (const object of localBootstrapObjects(DRIVER_NAME)) bind(BootstrapObject).toConstantValue(object);
  });
}

export const keelsonModule: KeelsonModule = {
  name: 'local',
  create: ({ stateDir, nodeName, nodeNames, isGuest, agentDir }) => local({ root: join(stateDir, 'volumes'), nodeName, nodeNames, isGuest, agentDir, ...fromEnvironment(process.env) }),
  abilities: () => describeAbilities(thisMachine()),
};

/** The options that a command line without a file of its own can give. @throws {RangeError} naming the variable */
export function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Pick<PoolsOptions, 'nodePaths' | 'poolSize'> {
  const paths = environment['KEELSON_LOCAL_NODE_PATHS'] ?? '';
  const size = environment['KEELSON_LOCAL_POOL_SIZE'] ?? '';
  return { nodePaths: paths.split(':').filter((path) => path !== ''), poolSize: size === '' ? undefined : bytes(size) };
}

function bytes(text: string): bigint {
  const size = Quantity.isValid(text) ? Quantity.parse(text).value() : 0n;
  if (size <= 0n) throw new RangeError(`KEELSON_LOCAL_POOL_SIZE must be an amount of bytes such as 20Gi, not ${JSON.stringify(text)}`);
  return size;
}
