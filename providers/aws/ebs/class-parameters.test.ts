import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { checkFormatting, classParameters } from './class-parameters.ts';
import { modifyParameters } from './modify-parameters.ts';
import { snapshotParameters } from './snapshot-parameters.ts';
import { checkSize, speedFor } from './volume-types.ts';

const name = 'ebs.csi.aws.com';

/** The message of what is `Invalid`. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(ProviderError.is(error, 'Invalid'), String(error)).to.equal(true);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('parameters of EBS classes', () => {
  it('have defaults', () => {
    expect(classParameters({}, name)).to.deep.equal({ type: 'gp3', allowIncrease: false, growsIops: false, encrypted: false, formatting: {}, zones: [], tagSpecifications: [] });
  });

  it('are known by their keys in any case, and all of them are read', () => {
    expect(classParameters({
      TYPE: 'io2', iopsPerGB: '10', AllowAutoIOPSPerGBIncrease: 'true', allowAutoIOPSIncreaseOnModify: 'true', throughput: '250', ENCRYPTED: 'True', kmsKeyId: 'arn:aws:kms:us-west-2:1:key/k', blockExpress: 'true',
      volumeInitializationRate: '100', blockAttachUntilInitialized: 'false', blockSize: '4096', inodeSize: '512', bytesPerInode: '8192', numberOfInodes: '1000', ext4BigAlloc: 'true', ext4ClusterSize: '16384', ext4EncryptionSupport: 'true',
      tagSpecification_2: 'b=2', tagSpecification_1: 'a=1',
    }, name)).to.deep.equal({
      type: 'io2', iopsPerGiB: 10, allowIncrease: true, growsIops: true, throughput: 250, encrypted: true, kmsKeyId: 'arn:aws:kms:us-west-2:1:key/k', initializationRate: 100, zones: [],
      formatting: { blocksize: '4096', inodesize: '512', bytesperinode: '8192', numberofinodes: '1000', ext4bigalloc: 'true', ext4clustersize: '16384', ext4encryptionsupport: 'true' },
      tagSpecifications: ['a=1', 'b=2'],
    });
  });

  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ colour: 'red' }, /"colour"/],
    [JSON.parse('{"__proto__": "x"}') as Record<string, string>, /"__proto__"/],
    [{ constructor: 'x' }, /"constructor"/],
    [{ tagspecification_1: 'a=1' }, /"tagspecification_1"/],
    [{ type: 'gp9' }, /gp2.*"gp9"/],
    [{ iops: '3000', iopsPerGB: '3' }, /iops and iopsPerGB/],
    [{ iops: '-1' }, /iops.*"-1"/],
    [{ iops: '1e4' }, /"1e4"/],
    [{ iops: '100' }, /at least 3000.*100/],
    [{ type: 'io1' }, /io1 needs one of/],
    [{ throughput: '2001' }, /125 to 2000.*2001/],
    [{ encrypted: 'yes' }, /encrypted.*"yes"/],
    [{ kmsKeyId: 'key' }, /kmsKeyId needs encrypted/],
    [{ type: 'gp3', Type: 'gp2' }, /the same one/],
    [{ blockSize: '4096; rm' }, /blockSize.*"4096; rm"/],
    [{ ext4ClusterSize: '16384' }, /ext4BigAlloc/],
    [{ blockAttachUntilInitialized: 'true' }, /not supported/],
    [{ tagSpecification_1: 'novalue' }, /"novalue"/],
    [{ tagSpecification_1: 'CSIVolumeName=x' }, /"CSIVolumeName" is reserved/],
    [{ tagSpecification_1: 'kubernetes.io/cluster/x=owned' }, /reserved/],
    [{ tagSpecification_1: 'aws:x=owned' }, /reserved/],
    [{ tagSpecification_1: `${'k'.repeat(128)}=x` }, /1 to 127/],
    [{ zone: 'us-west-2a' }, /"zone"/],
  ];
  for (const [parameters, message] of wrong) {
    it(`are refused: ${JSON.stringify(parameters).slice(0, 60)}`, () => {
      expect(refusal(() => classParameters(parameters, name))).to.match(message);
    });
  }

  it('of the built-in plugin may name zones, and never lack operations', () => {
    const { zones, allowIncrease } = classParameters({ zones: 'us-west-2a, us-west-2b', iopsPerGB: '1', type: 'io1' }, 'kubernetes.io/aws-ebs');
    expect(zones).to.deep.equal(['us-west-2a', 'us-west-2b']);
    expect(allowIncrease).to.equal(true);
  });

  it('of formatting fit the file system', () => {
    checkFormatting({ blocksize: '4096', ext4bigalloc: 'true' }, 'ext4');
    checkFormatting({ blocksize: '4096', inodesize: '512' }, 'xfs');
    expect(refusal(() => checkFormatting({ ext4bigalloc: 'true' }, 'xfs'))).to.match(/ext4bigalloc.*xfs/);
    expect(refusal(() => checkFormatting({ numberofinodes: '100' }, 'xfs'))).to.match(/numberofinodes/);
    expect(refusal(() => checkFormatting({}, 'zfs'))).to.match(/"zfs"/);
  });

  it('that change a volume', () => {
    expect(modifyParameters({ volumeType: 'io2', iops: '5000', throughput: '200', tagSpecification_1: 'a=1', tagDeletion_1: 'b' })).to.deep.equal({ type: 'io2', iops: 5000, throughput: 200, tagSpecifications: ['a=1'], tagDeletions: ['b'] });
    expect(refusal(() => modifyParameters({ encrypted: 'true' }))).to.match(/"encrypted"/);
    expect(refusal(() => modifyParameters({ type: 'gp3', volumeType: 'gp2' }))).to.match(/gp3 and gp2/);
    expect(refusal(() => modifyParameters({ tagDeletion_1: 'CSIVolumeName' }))).to.match(/reserved/);
  });

  it('of snapshots', () => {
    expect(snapshotParameters({ tagSpecification_1: 'a=1', 'csi.storage.k8s.io/volumesnapshot/name': 's' })).to.deep.equal({ tagSpecifications: ['a=1'], snapshot: { name: 's' } });
    expect(refusal(() => snapshotParameters({ lockMode: 'compliance' }))).to.match(/lockMode is not supported/);
    expect(refusal(() => snapshotParameters({ colour: 'red' }))).to.match(/"colour"/);
  });
});

describe('what types of volumes can do', () => {
  const sizes: readonly (readonly [Parameters<typeof checkSize>[0], number, boolean])[] = [
    ['gp3', 1, true], ['gp3', 65_536, true], ['gp3', 65_537, false], ['gp2', 16_384, true], ['gp2', 16_385, false], ['io1', 3, false], ['io2', 4, true], ['st1', 124, false], ['st1', 125, true], ['sc1', 16_385, false], ['standard', 1025, false],
  ];
  for (const [type, size, isPossible] of sizes) {
    it(`${type} ${isPossible ? 'holds' : 'does not hold'} ${size} GiB`, () => {
      if (isPossible) checkSize(type, size);
      else expect(refusal(() => checkSize(type, size))).to.include(String(size));
    });
  }

  const speeds: readonly (readonly [Omit<Parameters<typeof speedFor>[0], 'allowIncrease'> & { readonly allowIncrease?: boolean }, number, Readonly<Record<string, number>> | RegExp])[] = [
    [{ type: 'gp3' }, 10, {}],
    [{ type: 'gp3', iops: 4000, throughput: 500 }, 10, { iops: 4000, throughput: 500 }],
    [{ type: 'gp3', iops: 4000 }, 1, { iops: 3000 }],
    [{ type: 'gp3', iops: 90_000 }, 1000, { iops: 80_000 }],
    [{ type: 'gp3', iopsPerGiB: 100 }, 10, /at least 3000, not 1000|at least 3000 IOPS, not 1000 \(100 for each of 10 GiB\)/],
    [{ type: 'gp3', iopsPerGiB: 100, allowIncrease: true }, 10, { iops: 3000 }],
    [{ type: 'io1', iopsPerGiB: 100 }, 10, { iops: 500 }],
    [{ type: 'io2', iops: 500_000 }, 1000, { iops: 256_000 }],
    [{ type: 'io2', iopsPerGiB: 1 }, 10, /at least 100 IOPS, not 10/],
    [{ type: 'gp2', iops: 4000, throughput: 500 }, 10, {}],
    [{ type: 'st1', throughput: 5 }, 200, {}],
  ];
  for (const [wanted, size, expected] of speeds) {
    it(`${JSON.stringify(wanted)} at ${size} GiB`, () => {
      const speed = (): unknown => speedFor({ allowIncrease: false, ...wanted }, size);
      if (expected instanceof RegExp) expect(refusal(speed)).to.match(expected);
      else expect(speed()).to.deep.equal(expected);
    });
  }
});
