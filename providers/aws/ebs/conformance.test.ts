import { RepeatedCalls } from '#core/platform-calls/repeated-calls.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { plainCalls } from '#core/spi/platform-calls.ts';
import { volumeDriverConformance, type VolumeDriverUnderTest } from '#test/conformance/volume-driver.ts';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { EbsLab, GIB, zone } from '#test/fixtures/ebs-lab.ts';

async function make(options: AwsLabOptions, share = 0): Promise<VolumeDriverUnderTest> {
  const ebs = await EbsLab.make(options);
  const nodes = await ebs.nodes(2);
  if (share > 0) {
    ebs.restart(new RepeatedCalls(plainCalls, ebs.lab.clock, () => 0.5));
    ebs.lab.emulator.state.setFaults({ rate: share });
  }
  const place = [{ 'topology.kubernetes.io/zone': zone }];
  return {
    driver: share > 0 ? insisting(ebs.driver) : ebs.driver,
    nodeMissing: 'the node\'s side is a driver of its own',
    otherParameters: { type: 'gp2' },
    size: 10n * GIB,
    tooLarge: 60_000n * GIB,
    topology: { requisite: place, preferred: place },
    nodes,
    missingNode: { name: 'gone', nodeId: 'i-0123456789abcdef0' },
    attachLimit: 26,
    holders: async (volumeId) => {
      const ids = ebs.region.volumes.get(volumeId)?.attachments.map(({ instanceId }) => instanceId) ?? [];
      return nodes.filter(({ nodeId }) => ids.includes(nodeId)).map(({ name }) => name);
    },
    volumes: async () => ebs.volumes.map(({ id }) => id),
    sizeOf: async (id) => BigInt(ebs.region.volumes.get(id)?.sizeGiB ?? 0) * GIB,
    attributes: { iops: '4000', throughput: '250' },
    otherAttributes: { iops: '5000', throughput: '300' },
    attributesOf: async (id) => {
      const { iops, throughput } = ebs.region.volumes.get(id) ?? {};
      return { iops: String(iops), throughput: String(throughput) };
    },
    snapshots: async () => [...ebs.region.snapshots.rows()].map(({ id }) => id),
    pass: async () => ebs.advance(25 * 3_600_000),
    cleanup: () => ebs.stop(),
  };
}

/** Repeats what had no answer, as the core does. */
function insisting<T extends object>(driver: T): T {
  return new Proxy(driver, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || key === 'checkParameters') return typeof value === 'function' ? value.bind(target) : value;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        for (let left = 20; ; left--) {
          try {
            return await value.apply(target, args);
          } catch (error) {
            if (!ProviderError.is(error, 'Unknown') || left === 0) throw error;
          }
        }
      };
    },
  });
}

volumeDriverConformance('EBS, everything at once', () => make({ delays: 'none' }));
volumeDriverConformance('EBS, with the delays and late reads of the field', () => make({}));
volumeDriverConformance('EBS, while one call in 25 fails', () => make({}, 0.04));
