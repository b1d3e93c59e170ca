import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { splitParameters } from './class-parameters.ts';

const prefix = 'csi.storage.k8s.io/';

describe('splitParameters', () => {
  it('keeps the file system, and hands the rest to the driver in the case it was written (trap 15)', () => {
    expect(splitParameters({ Type: 'gp3', [`${prefix}fstype`]: 'xfs' })).to.deep.equal({ parameters: { Type: 'gp3' }, fsType: 'xfs' });
    expect(splitParameters({ fsType: 'ext4' }), 'the old key').to.deep.equal({ parameters: { fsType: 'ext4' }, fsType: 'ext4' });
    expect(splitParameters({ [`${prefix}fstype`]: '' })).to.deep.equal({ parameters: {}, fsType: undefined });
    expect(splitParameters(undefined)).to.deep.equal({ parameters: {}, fsType: undefined });
  });

  for (const [what, parameters, message] of [
    ['an unknown key of the reserved prefix', { [`${prefix}fs-type`]: 'xfs' }, `found unknown parameter key "${prefix}fs-type" with reserved prefix ${prefix}`],
    ['a secret (trap 17: none is needed when a volume is deleted)', { [`${prefix}provisioner-secret-name`]: 's' }, 'secrets from a StorageClass are not passed on to drivers here'],
    ['two file systems', { [`${prefix}fstype`]: 'xfs', FSType: 'ext4' }, 'fstype specified in parameters with both'],
  ] as const) {
    it(`refuses ${what}`, () => {
      let error: unknown;
      try {
        splitParameters(parameters);
      } catch (thrown) {
        error = thrown;
      }
      expect(ProviderError.is(error, 'Invalid')).to.equal(true);
      expect(error).to.have.property('message').that.includes(message);
    });
  }
});
