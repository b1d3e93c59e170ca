import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolumeDriverUnderTest } from '#test/conformance/volume-driver.ts';
import { volumeDriverConformance } from '#test/conformance/volume-driver.ts';
import { mounting, mountingImages, unmet } from '#test/fixtures/requires.ts';
import { mayGrowMounted } from '#plugins/volumes/block-device/block-device.module.ts';
import { MIB, Platform } from './test-platform.ts';

async function make(given: Pick<VolumeDriverUnderTest, 'parameters' | 'otherParameters' | 'nodeMissing'>): Promise<VolumeDriverUnderTest> {
  const platform = await Platform.make();
  return {
    ...given,
    driver: platform.driver,
    node: given.nodeMissing === undefined ? platform.node : undefined,
    tooLarge: 3072n * MIB,
    growthMissing: (await mayGrowMounted()) ? undefined : 'this process lacks the capability CAP_SYS_RESOURCE',
    volumes: () => platform.stored(),
    sizeOf: async (id) => BigInt((await stat(join(platform.root, id, 'volume.img')).catch(() => undefined))?.size ?? (await platform.pools.find(id))?.record.capacity ?? 0n),
    cleanup: () => platform.remove(),
  };
}

volumeDriverConformance('local, images', () => make({ otherParameters: { enforceCapacity: 'false' }, nodeMissing: unmet(...mountingImages) }));

volumeDriverConformance('local, plain folders', () => make({ parameters: { enforceCapacity: 'false' }, otherParameters: {}, nodeMissing: unmet(...mounting) }), {
  skip: {
    'is full at its capacity, and its neighbour loses nothing': 'plain folders have no limit',
    'grows a file system that is in use, and loses nothing': 'plain folders have no limit',
    'grows a volume that is not in use, and its file system where it is used next': 'plain folders have no limit',
    'tells how full a volume is': 'a plain folder is as full as the disk on which it is',
  },
});
