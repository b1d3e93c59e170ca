import { ContainerModule } from 'inversify';
import type { KeelsonModule, ModuleSettings } from '#core/kernel/module.ts';
import { ContainerRuntime } from '#core/spi/container-runtime.ts';
import { type DockerOptions, DockerRuntime } from './docker-runtime.ts';

export const docker = (options: DockerOptions): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(ContainerRuntime).toResolvedValue(() => new DockerRuntime(options)).inSingletonScope();
  });

/** The folder of its state tells this cluster's agent from those of others on the same machine. */
const optionsOf = ({ nodeName, stateDir, netns, url }: ModuleSettings): DockerOptions =>
  ({ node: nodeName, agent: stateDir, nodeNetwork: netns, ...(url === undefined ? {} : { host: url.replace(/^docker:\/\/(?=\/)/, 'unix://').replace(/^docker:/, 'tcp:') }) });

export const keelsonModule: KeelsonModule = {
  name: 'docker',
  create: (settings) => docker(optionsOf(settings)),
  abilities: async (settings) => (await import('./abilities.ts')).dockerAbilities(optionsOf(settings)),
};
