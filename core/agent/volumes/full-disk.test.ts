import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { never, podWith, rejection, VolumeNode } from '#test/fixtures/node-volumes.ts';
import { mountingImages, requires } from '#test/fixtures/requires.ts';
import { SmallDisk } from '#test/fixtures/small-disk.ts';
import { VolumeError } from './pod-volumes.ts';

describe('volumes on a disk that is full', () => {
  before(requires(...mountingImages));
  let disk: SmallDisk;
  let node: VolumeNode;

  beforeEach(async () => {
    disk = await SmallDisk.make(8 << 20);
    node = await VolumeNode.make({ folder: join(disk.path, 'agent') });
    await node.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'conf' }, data: { a: 'old' } });
    await node.claim('data');
  });
  afterEach(() => disk?.remove());

  const refused = async (work: Promise<unknown>): Promise<string> => {
    const error = await rejection(work);
    expect(error).to.be.instanceOf(VolumeError).and.to.have.property('reason', 'FailedMount');
    return error.message;
  };
  const full = /^MountVolume\.\w+ failed for volume "v\d" : .*ENOSPC: no space left on device/;
  const volumes = [{ configMap: { name: 'conf', defaultMode: 0o644 } }];

  it('leave a running pod what it has, say why they are behind, and leave no scraps', async () => {
    const pod = podWith(volumes, { uid: 'p1' });
    const path = (await node.volumes.prepare(pod, never)).get('v0')?.hostPath ?? '';
    const before = await readdir(path);
    await node.client.patch(ConfigMap, { namespace: 'default', name: 'conf' }, { type: 'merge', document: { data: { a: 'new'.repeat(100_000) } } });
    await disk.fill(100_000);
    for (let attempt = 0; attempt < 3; attempt++) {
      await node.clock.advance(61_000);
      expect(await refused(node.volumes.refresh(pod, never))).to.match(full);
    }
    expect(await readFile(join(path, 'a'), 'utf8')).to.equal('old');
    expect(await readdir(path)).to.deep.equal(before);
    await disk.clear();
    await node.clock.advance(61_000);
    await node.volumes.refresh(pod, never);
    expect((await readFile(join(path, 'a'), 'utf8')).length).to.equal(300_000);
  });

  it('are refused to a new pod until there is room, and ask nothing of a driver meanwhile', async () => {
    const pod = podWith([...volumes, { persistentVolumeClaim: { claimName: 'data' } }], { uid: 'p2' });
    await disk.fill();
    expect(await refused(node.volumes.prepare(pod, never))).to.include('ENOSPC: no space left on device');
    expect(node.driver.calls).to.deep.equal([]);
    await disk.clear();
    expect([...(await node.volumes.prepare(pod, never)).keys()]).to.deep.equal(['v0', 'v1']);
  });

  it('are taken down while it is full', async () => {
    await node.volumes.prepare(podWith([...volumes, { persistentVolumeClaim: { claimName: 'data' } }], { uid: 'p3' }), never);
    await disk.fill();
    await node.volumes.release('p3', never);
    expect(await node.left()).to.deep.equal([]);
    expect([node.driver.staged.size, node.driver.published.size]).to.deep.equal([0, 0]);
  });
});
