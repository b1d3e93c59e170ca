import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { VolumeDriver } from '#core/spi/volume-driver.ts';
import { FolderVolumeDriver } from './folder-driver.ts';

export const keelsonModule: KeelsonModule = {
  name: 'folder',
  create: ({ stateDir }) => new ContainerModule(({ bind }) => {
    bind(VolumeDriver).toConstantValue(new FolderVolumeDriver(join(stateDir, 'folder')));
  }),
};
