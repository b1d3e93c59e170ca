import { expect } from 'chai';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { never, podWith, VolumeNode } from '#test/fixtures/node-volumes.ts';
import { mounting, requires } from '#test/fixtures/requires.ts';
import { mountsWithin, readMounts } from './system/mount-table.ts';
import { Mounter } from './system/mounter.ts';
import { runProgram, type RunProgram } from './system/run-program.ts';

describe('200 pods at once', function () {
  this.timeout(60_000);
  before(requires(...mounting));

  it('get their volumes and give them back, with few programs at a time', async () => {
    let running = 0;
    let most = 0;
    const counting: RunProgram = async (...args) => {
      most = Math.max(most, ++running);
      return runProgram(...args).finally(() => running--);
    };
    const node = await VolumeNode.make({ mounter: new Mounter({ able: true, run: counting }), clock: systemClock });
    try {
      await node.client.create(Secret, { metadata: { namespace: 'default', name: 'cred' }, data: { key: 'c2VjcmV0' } });
      await node.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'conf' }, data: { a: '1' } });
      const pods = await Promise.all(Array.from({ length: 200 }, async (_none, i) => {
        await node.claim(`data-${i}`);
        return podWith([{ secret: { secretName: 'cred' } }, { configMap: { name: 'conf' } }, { emptyDir: {} }, { persistentVolumeClaim: { claimName: `data-${i}` } }], { uid: `p${i}` });
      }));
      await Promise.all(pods.map((pod) => node.volumes.prepare(pod, never)));
      expect(mountsWithin(await readMounts(), node.folder)).to.have.length(200);
      await Promise.all(pods.map((pod) => node.volumes.release(pod.metadata.uid, never)));
      expect([mountsWithin(await readMounts(), node.folder), await node.left(), node.driver.staged.size]).to.deep.equal([[], [], 0]);
      expect(most).to.be.within(2, 8);
    } finally {
      await new Mounter({ able: true }).unmountWithin(node.folder, never);
      await node.remove();
    }
  });
});
