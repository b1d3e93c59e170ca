import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ExtensionApiServer } from '#test/fixtures/extension-api-server.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

const kubectls = await oldestAndNewest();
const group = 'fruit.example.com';
const apiVersion = `${group}/v1alpha1`;
const name = `v1alpha1.${group}`;

const isUnknown = 'error: the server doesn\'t have a resource type "flunders"';

const flunder = (fruit: string, juice: number): object => ({ apiVersion, kind: 'Flunder', metadata: { name: fruit }, juice });

for (const binary of kubectls) {
  describe(`an API of another server, by kubectl 1.${binary.minor}`, function () {
    this.timeout(60_000);
    before(requires(program('kubectl', 'kubernetes-client')));
    let sandbox: Sandbox;
    let keelson: Running;
    let kubectl: Kubectl;
    let server: ExtensionApiServer;

    /** Starts the server, on the port of the last one if there was any, and registers it. */
    const start = async (): Promise<void> => {
      const frontProxyCa = await readFile(join(sandbox.dataDir, 'pki', 'front-proxy-ca.crt'), 'utf8');
      server = await ExtensionApiServer.start({ group, version: 'v1alpha1', service: { namespace: 'default', name: 'fruit' }, frontProxyCa }, server?.port);
      const service = { namespace: 'default', name: 'fruit', port: server.port };
      await kubectl.apply({
        apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name },
        spec: { group, version: 'v1alpha1', service, caBundle: server.caBundle, groupPriorityMinimum: 2000, versionPriority: 10 },
      });
      await kubectl.run('wait', '--for=condition=Available', `apiservice/${name}`, '--timeout=20s');
    };

    before(async () => {
      sandbox = await Sandbox.make();
      keelson = await sandbox.up();
      kubectl = keelson.kubectl(binary);
      await kubectl.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'fruit' }, spec: { type: 'ExternalName', externalName: 'localhost' } });
      await start();
    });
    after(async () => {
      await keelson?.stop();
      await server?.stop();
      await sandbox?.remove();
    });

    it('is found', async () => {
      expect(await kubectl.run('get', 'apiservice', name)).to.match(/default\/fruit +True/);
      expect(await kubectl.run('api-versions')).to.include(`\n${apiVersion}\n`);
      expect(await kubectl.run('api-resources', `--api-group=${group}`)).to.match(/flunders +fl +fruit\.example\.com\/v1alpha1 +true +Flunder/);
      expect(await kubectl.run('explain', 'flunder')).to.include('A flunder.').and.include('juice').and.include('<integer>');
      expect(await kubectl.run('explain', 'fl.juice')).to.include('Litres of it.');
    });

    it('is written and read', async () => {
      expect(await kubectl.feed(JSON.stringify(flunder('plum', 1)), 'create', '-f', '-')).to.equal(`flunder.${group}/plum created`);
      expect((await kubectl.json('get', 'flunders', 'plum')).juice).to.equal(1);
      expect(await kubectl.run('get', 'fl')).to.match(/^NAME +AGE\nplum /);
      expect(await kubectl.run('get', 'fruit')).to.include('plum');
      expect(await kubectl.apply(flunder('fig', 1))).to.equal(`flunder.${group}/fig created`);
      expect(await kubectl.apply(flunder('fig', 2))).to.equal(`flunder.${group}/fig configured`);
      expect(await kubectl.apply(flunder('fig', 2))).to.equal(`flunder.${group}/fig unchanged`);
      expect(server.objects.get('default/fig')).to.include({ juice: 2 });
      expect(await kubectl.run('auth', 'can-i', 'delete', 'flunders')).to.equal('yes');
      expect(server.seen.find(({ method }) => method === 'POST')?.headers['x-remote-user']).to.equal('kubernetes-admin');
      expect(await kubectl.run('delete', 'fl', 'plum')).to.match(/^flunder\.fruit\.example\.com "plum" deleted/);
      expect([...server.objects.keys()]).to.deep.equal(['default/fig']);
    });

    it('is watched', async () => {
      const watch = kubectl.spawn(['get', 'fl', '--watch', '-o', 'jsonpath={.metadata.name}={.juice}{"\\n"}']);
      let seen = '';
      watch.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
      });
      try {
        await until(() => seen === 'fig=2\n' && server.seen.some(({ url }) => url.includes('/namespaces/default/flunders?') && url.includes('watch=')), 'the list, and a watch from there');
        await kubectl.apply(flunder('fig', 3));
        await kubectl.apply(flunder('pear', 4));
        await until(() => seen === 'fig=2\nfig=3\npear=4\n', 'the changes');
      } finally {
        watch.kill();
        await watch;
      }
    });

    it('is missed while its server is away, and nothing else is', async () => {
      await server.stop();
      expect(await kubectl.refused('', 'get', 'flunders')).to.match(/^Error from server \(ServiceUnavailable\): /);
      // Without that it would be noticed half a minute later.
      await kubectl.run('label', 'service', 'fruit', 'server=away');
      await kubectl.run('wait', '--for=condition=Available=false', `apiservice/${name}`, '--timeout=20s');
      expect(await kubectl.run('get', 'apiservice', name)).to.match(/default\/fruit +False \(FailedDiscoveryCheck\)/);
      // A version that is marked as stale is none for kubectl, and no reason to fail.
      const resources = await kubectl.run('api-resources');
      expect(resources).to.match(/^configmaps /m).and.not.include(group);
      expect(await kubectl.run('api-versions')).to.include('\napps/v1\n').and.not.include(group);
      expect(await kubectl.refused('', 'get', 'flunders')).to.equal(isUnknown);
      expect(await kubectl.run('get', 'configmaps')).to.include('kube-root-ca.crt');
      await kubectl.run('create', 'namespace', 'other');
      await kubectl.run('create', 'configmap', 'mine', '--namespace=other');
      expect(await kubectl.run('delete', 'configmap', 'mine', '--namespace=other')).to.include('deleted');
      await start();
      await until(async () => (await kubectl.run('api-resources', `--api-group=${group}`)).includes('flunders'), 'the API to come back');
      await kubectl.apply(flunder('quince', 5));
      expect(await kubectl.run('get', 'fl', '-o', 'name')).to.equal(`flunder.${group}/quince`);
    });

    it('goes with its APIService', async () => {
      await kubectl.run('delete', 'apiservice', name);
      await until(async () => !(await kubectl.run('api-resources')).includes(group), 'the API to go');
      expect(await kubectl.refused('', 'get', 'flunders')).to.equal(isUnknown);
      expect([...server.objects.keys()]).to.deep.equal(['default/quince']);
    });
  });
}
