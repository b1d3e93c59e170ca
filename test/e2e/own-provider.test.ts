import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { root, Sandbox, until, type Running } from './harness.ts';

/** A provider as somebody else would write it: a package of its own, which knows Keelson by name only. */
const sources: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'acme', version: '1.0.0', type: 'module', main: './acme.module.js' }),
  'acme.module.js': `
    import { mkdir, rm } from 'node:fs/promises';
    import { join } from 'node:path';
    import { ContainerModule } from 'inversify';
    import { ProviderError } from 'keelson/core/spi/errors';
    import { VolumeDriver } from 'keelson/core/spi/volume-driver';
    import { BootstrapObject, bootstrapObject } from 'keelson/core/spi/bootstrap-object';
    import { StorageClass } from 'keelson/core/api/schema/storage-v1';

    class AcmeDriver {
      name = 'disks.acme.example';
      constructor(dir) { this.dir = dir; }
      async create({ name, capacity, parameters }) {
        if ('colour' in parameters) throw new ProviderError('Invalid', 'disks come in one colour only');
        await mkdir(join(this.dir, name), { recursive: true });
        return { id: name, capacity: capacity.required, context: {}, topology: [] };
      }
      async delete(id) { await rm(join(this.dir, id), { recursive: true, force: true }); }
    }

    export const keelsonModule = {
      name: 'acme',
      create: ({ stateDir }) => new ContainerModule(({ bind }) => {
        bind(VolumeDriver).toConstantValue(new AcmeDriver(stateDir));
        bind(BootstrapObject).toConstantValue(bootstrapObject(StorageClass, { metadata: { name: 'acme' }, provisioner: 'disks.acme.example' }));
      }),
    };
  `,
};

describe('a provider of one\'s own', () => {
  let sandbox: Sandbox;
  let running: Running | undefined;
  let folder: string;
  before(async () => {
    sandbox = await Sandbox.make();
    folder = join(sandbox.dir, 'acme');
    // As `npm install ../keelson` links it.
    await mkdir(join(folder, 'node_modules'), { recursive: true });
    await symlink(root, join(folder, 'node_modules', 'keelson'));
    await symlink(join(root, 'node_modules', 'inversify'), join(folder, 'node_modules', 'inversify'));
    for (const [name, text] of Object.entries(sources)) await writeFile(join(folder, name), text);
  });
  after(async () => {
    await running?.stop();
    await sandbox.remove();
  });

  it('is loaded by its path, makes volumes beside the built-in one, and is listened to when it refuses', async () => {
    running = await sandbox.up(['--provider', 'local', '--provider', join(folder, 'acme.module.js')]);
    const server = running;
    const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
    const claim = (name: string, storageClassName: string) => ({ metadata: { name }, spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    const refusing = { metadata: { name: 'red' }, provisioner: 'disks.acme.example', parameters: { colour: 'red' } };
    expect((await server.request('POST', '/apis/storage.k8s.io/v1/storageclasses', { body: refusing })).status).to.equal(201);
    for (const name of ['acme', 'red']) expect((await server.request('POST', claims, { body: claim(name, name) })).status).to.equal(201);

    await until(async () => (await server.request('GET', `${claims}/acme`)).body.status.phase === 'Bound', 'the claim to be bound');
    const { metadata } = (await server.request('GET', `${claims}/acme`)).body as { metadata: { uid: string } };
    const state = join(sandbox.dataDir, 'acme');
    expect(await readdir(state)).to.deep.equal([`pvc-${metadata.uid}`]);
    await until(async () => (await server.request('GET', '/api/v1/namespaces/default/events?fieldSelector=reason%3DProvisioningFailed')).text.includes('disks come in one colour only'), 'the event that says why');
    expect((await server.request('GET', `${claims}/red`)).body.status.phase).to.equal('Pending');

    await server.request('DELETE', `${claims}/acme`);
    await until(async () => (await readdir(state)).length === 0, 'the volume to be deleted');
  });
});
