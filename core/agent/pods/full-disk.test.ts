import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { PodLab } from '#test/fixtures/pod-lab.ts';
import { mountingImages, requires } from '#test/fixtures/requires.ts';
import { SmallDisk } from '#test/fixtures/small-disk.ts';

describe('Pods on a node whose disk is full', () => {
  before(requires(...mountingImages));
  let disk: SmallDisk;
  let lab: PodLab;

  beforeEach(async () => {
    disk = await SmallDisk.make(4 << 20);
    lab = await PodLab.start({ rootDir: join(disk.path, 'agent') });
  });
  afterEach(async () => {
    await lab?.stop();
    await disk?.remove();
  });

  it('wait, say why, and start when there is room', async () => {
    await disk.fill();
    await lab.create('web');
    await lab.until(async () => (await lab.get('web')).status.containerStatuses?.[0]?.state.waiting?.reason === 'CreateContainerConfigError', 'CreateContainerConfigError');
    expect(lab.eventsOf('web').find((event) => event.startsWith('Warning Failed '))).to.match(/^Warning Failed Error: ENOSPC: no space left on device/);
    await disk.clear();
    await lab.untilReady('web');
    expect(lab.runtime.find('main')?.attempt).to.equal(0);
    expect(lab.logger.at('error')).to.deep.equal([]);
  });

  it('run on, are restarted, and keep their files', async () => {
    const pod = await lab.create('web').then(() => lab.untilReady('web'));
    const hosts = join(disk.path, 'agent', 'pods', pod.metadata.uid, 'etc-hosts');
    await disk.fill();
    // With another address the file has to be written anew.
    lab.runtime.killSandbox([...lab.runtime.sandboxes.keys()][0] ?? '');
    await lab.until(async () => (await lab.get('web')).status.podIP === '10.244.0.3', 'another address');
    await lab.until(async () => (await readFile(hosts, 'utf8')).includes('10.244.0.3\tweb'), 'the file');
    await lab.pass(5000);
    expect(await readFile(hosts, 'utf8')).to.include('127.0.0.1\tlocalhost');
  });
});
