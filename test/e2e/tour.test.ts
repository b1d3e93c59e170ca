import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { linux, loopDevices, program, requires, root as asRoot } from '#test/fixtures/requires.ts';
import { filesBelow, root, Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

const manifests = join(root, 'examples', 'dynamic-volume');
const kubectls = await oldestAndNewest();

describe('the tour of a dynamic volume', () => {
  before(requires(program('kubectl', 'kubernetes-client'), linux, asRoot, loopDevices, program('mkfs.ext4', 'e2fsprogs'), program('losetup', 'mount')));

  if (kubectls.length === 0) it('can be walked', () => undefined);
  for (const binary of kubectls) {
    describe(`with kubectl 1.${binary.minor}`, () => {
      let sandbox: Sandbox;
      let keelson: Running;
      let kubectl: Kubectl;
      let volume: string;

      before(async () => {
        sandbox = await Sandbox.make();
        keelson = await sandbox.up();
        kubectl = keelson.kubectl(binary);
      });
      after(async () => {
        await keelson?.stop();
        await sandbox?.remove();
      });

      const phase = (): Promise<string> => kubectl.run('get', 'pvc', 'data', '-o', 'jsonpath={.status.phase}');

      it('applies the class and the claim', async () => {
        expect((await kubectl.run('apply', '-f', manifests)).split('\n')).to.have.members(['persistentvolumeclaim/data created', 'storageclass.storage.k8s.io/local-volumes created']);
      });

      it('binds the claim to a volume on the disk', async () => {
        if (binary.minor >= 23) await kubectl.run('wait', '--for=jsonpath={.status.phase}=Bound', 'pvc/data', '--timeout=15s');
        else await until(async () => (await phase()) === 'Bound', 'the claim to be Bound');
        volume = await kubectl.run('get', 'pvc', 'data', '-o', 'jsonpath={.spec.volumeName}');
        expect(volume).to.match(/^pvc-[0-9a-f-]{36}$/);
        const files = await filesBelow(sandbox.dataDir, volume);
        const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
        expect(Math.max(...sizes)).to.equal(256 * 1024 * 1024);
      });

      it('made it sparse, so that it takes no more room than is written to it', async () => {
        for (const file of await filesBelow(sandbox.dataDir, volume)) expect((await stat(file)).blocks * 512, file).to.be.lessThan(64 * 1024 * 1024);
      });

      it('has the columns that kubectl users know', async () => {
        const table = await kubectl.run('get', 'pvc,pv,sc');
        expect(table).to.match(/NAME +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS .*AGE/);
        expect(table).to.match(new RegExp(`persistentvolumeclaim/data +Bound +${volume} +256Mi +RWO +local-volumes`));
        expect(table).to.match(/NAME +CAPACITY +ACCESS MODES +RECLAIM POLICY +STATUS +CLAIM +STORAGECLASS/);
        expect(table).to.match(new RegExp(`persistentvolume/${volume} +256Mi +RWO +Delete +Bound +default/data +local-volumes`));
        expect(table).to.match(/NAME +PROVISIONER +RECLAIMPOLICY +VOLUMEBINDINGMODE +ALLOWVOLUMEEXPANSION +AGE/);
        expect(table).to.match(/storageclass.storage.k8s.io\/local-volumes +local\.keelson\.dev +Delete +Immediate +false/);
      });

      it('is described with the events that tell how it came about', async () => {
        await until(async () => /Normal +ProvisioningSucceeded/.test(await kubectl.run('describe', 'pvc', 'data')), 'the event ProvisioningSucceeded');
        const described = await kubectl.run('describe', 'pvc', 'data');
        expect(described).to.match(/Status: +Bound/).and.match(new RegExp(`Volume: +${volume}`)).and.match(/Capacity: +256Mi/).and.match(/Finalizers: +\[kubernetes\.io\/pvc-protection\]/);
        expect(await kubectl.run('describe', 'pv', volume)).to.match(/Claim: +default\/data/).and.match(/Driver: +local\.keelson\.dev/);
        expect(await kubectl.run('describe', 'sc', 'local-volumes')).to.match(/Provisioner: +local\.keelson\.dev/);
      });

      it('keeps claim and volume over a restart', async () => {
        await keelson.stop();
        keelson = await sandbox.up();
        kubectl = keelson.kubectl(binary);
        expect(await phase()).to.equal('Bound');
        expect(await kubectl.run('get', 'pvc', 'data', '-o', 'jsonpath={.spec.volumeName}')).to.equal(volume);
        expect(await filesBelow(sandbox.dataDir, volume)).to.not.deep.equal([]);
      });

      it('deletes the volume and its file with the claim', async () => {
        const image = (await filesBelow(sandbox.dataDir, volume))[0]!;
        // A file held open must not keep the volume from going away.
        const held = await open(image, 'r');
        try {
          expect(await kubectl.run('delete', '-f', manifests, '--timeout=15s')).to.include('"data" deleted');
          await until(async () => (await kubectl.run('get', 'pv', '-o', 'name')) === '', 'the volume object to go');
          expect(await filesBelow(sandbox.dataDir, volume)).to.deep.equal([]);
        } finally {
          await held.close();
        }
        expect(await kubectl.run('get', 'pvc', '-o', 'name')).to.equal('');
      });
    });
  }
});
