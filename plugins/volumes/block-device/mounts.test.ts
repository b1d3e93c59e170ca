import { expect } from 'chai';
import { locate, mountAt, parseMountInfo, readMounts } from './mounts.ts';
import { linux, requires } from '#test/fixtures/requires.ts';

const table = String.raw`27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
36 27 8:1 /srv /mnt/disk ro,noatime master:1 propagate_from:2 - xfs /dev/sda1 rw
37 27 7:3 / /mnt/with\040space\011tab\134backslash\012newline rw - ext4 /dev/loop3 rw
38 36 7:4 / /mnt/disk/volume rw shared:9 - ext4 /dev/loop4 rw
39 38 7:5 / /mnt/disk/volume rw - ext4 /dev/loop5 rw
`;

describe('the mount table', () => {
  const mounts = parseMountInfo(table);

  it('is read with its optional fields and octal escapes', () => {
    expect(mounts[1]).to.deep.equal({ device: '8:1', root: '/srv', path: '/mnt/disk', readOnly: true, fsType: 'xfs' });
    expect(mounts[2]?.path).to.equal('/mnt/with space\ttab\\backslash\nnewline');
    expect(mounts[3]?.fsType).to.equal('ext4');
  });

  it('shows what lies on top at a path', () => {
    expect(mountAt(mounts, '/mnt/disk/volume')?.device).to.equal('7:5');
    expect(mountAt(mounts, '/mnt/disk/vol')).to.equal(undefined);
  });

  it('tells where a path lies on its file system', () => {
    expect(locate(mounts, '/home/a')).to.deep.equal({ device: '254:0', root: '/home/a' });
    expect(locate(mounts, '/mnt/disk/a/b')).to.deep.equal({ device: '8:1', root: '/srv/a/b' });
    expect(locate(mounts, '/mnt/disk')).to.deep.equal({ device: '8:1', root: '/srv' });
    expect(locate(mounts, '/mnt/diskette')).to.deep.equal({ device: '254:0', root: '/mnt/diskette' });
    expect(locate(mounts, '/')).to.deep.equal({ device: '254:0', root: '/' });
  });

  describe('of this machine', () => {
    before(requires(linux));
    it('can be read', async () => {
      expect(mountAt(await readMounts(), '/')).to.not.equal(undefined);
    });
  });
});
