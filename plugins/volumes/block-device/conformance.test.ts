import { volumeDriverConformance } from '#test/conformance/volume-driver.ts';
import { mountingImages, unmet } from '#test/fixtures/requires.ts';
import { LoopVolumes } from '#test/fixtures/loop-volumes.ts';

const reason = unmet(...mountingImages);

if (reason === undefined) {
  volumeDriverConformance('block devices', async () => {
    const disks = await LoopVolumes.make();
    return { driver: disks, node: disks.node(), size: 32n * 1024n ** 2n, tooLarge: 2n * 1024n ** 4n, otherParameters: { tier: 'fast' }, volumes: async () => [...disks.volumes.keys()], cleanup: () => disks.remove() };
  });
} else {
  it(`VolumeDriver conformance: block devices (skipped: ${reason})`);
}
