import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { program, requires, skipBecause } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';

const kubectls = await oldestAndNewest();

/** Every namespace has this one. */
const rootCa = 'kube-root-ca.crt';

const configMap = (name: string, data: Record<string, string> = { color: 'red' }, metadata: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data });
const pod = (name: string, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec } });
const claim = (name: string, spec: object = {}) => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none-of-these', resources: { requests: { storage: '1Gi' } }, ...spec },
});

if (kubectls.length === 0) {
  describe('kubectl', () => {
    before(requires(program('kubectl', 'kubernetes-client')));
    it('works as on any cluster', () => undefined);
  });
}
for (const binary of kubectls) {
  const readsOpenApiV2 = `kubectl 1.${binary.minor} takes this from the OpenAPI v2 document, which is empty`;

  describe(`kubectl 1.${binary.minor}`, () => {
    before(requires(program('kubectl', 'kubernetes-client'), program('diff', 'diffutils')));
    let sandbox: Sandbox;
    let keelson: Running;
    let kubectl: Kubectl;
    /** Each test has a namespace of its own. */
    let namespace: string;
    let count = 0;
    const file = async (name: string, content: object | string): Promise<string> => {
      const path = join(sandbox.dir, name);
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    };
    const create = (...objects: object[]): Promise<string> => kubectl.feed(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }), 'create', '-f', '-');
    const names = async (...args: string[]): Promise<string[]> => (await kubectl.run('get', ...args, '-o', 'name')).split('\n').filter((line) => line !== '').map((line) => line.replace(/^.*\//, '')).filter((name) => name !== rootCa);

    before(async () => {
      sandbox = await Sandbox.make();
      keelson = await sandbox.up();
    });
    after(async () => {
      await keelson?.stop();
      await sandbox?.remove();
    });
    beforeEach(async () => {
      namespace = `test-${++count}`;
      kubectl = keelson.kubectl(binary);
      await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await until(async () => (await kubectl.run('get', 'cm', '-n', namespace, '-o', 'name')) === `configmap/${rootCa}`, 'what every namespace has');
      await kubectl.run('config', 'set-context', '--current', `--namespace=${namespace}`);
    });

    describe('reads', () => {
      it('what was created, in every output format', async () => {
        expect(await create(configMap('one'))).to.equal('configmap/one created');
        expect(await kubectl.run('get', 'cm', 'one', '-o', 'name')).to.equal('configmap/one');
        expect((await kubectl.json('get', 'configmap/one')).data).to.deep.equal({ color: 'red' });
        expect(await kubectl.run('get', 'cm', 'one', '-o', 'yaml')).to.match(/^apiVersion: v1\ndata:\n {2}color: red\nkind: ConfigMap\nmetadata:\n {2}creationTimestamp: "\d{4}-/);
        expect(await kubectl.run('get', 'cm', 'one', '-o', 'jsonpath={.data.color}')).to.equal('red');
        expect(await kubectl.run('get', 'cm', 'one', '-o', 'custom-columns=N:.metadata.name,C:.data.color')).to.match(/^N +C\none +red$/);
        expect(await kubectl.run('get', 'cm', 'one', '-o', 'go-template={{.metadata.namespace}}')).to.equal(namespace);
        expect(await kubectl.run('get', 'cm', 'one')).to.match(/^NAME +DATA +AGE\none +1 +\d+s$/);
        expect(await kubectl.run('get', 'cm', 'one', '--show-labels', '--no-headers')).to.match(/^one +1 +\d+s +<none>$/);
      });

      it('more columns with -o wide', async () => {
        await create(pod('one'), claim('two'));
        expect(await kubectl.run('get', 'pods', '-o', 'wide')).to.match(/NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\none +0\/1 +Pending +0 +\d+s +<none> +<none> +<none> +<none>/);
        expect(await kubectl.run('get', 'pvc', '-o', 'wide')).to.match(/VOLUMEMODE\ntwo +Pending +none-of-these .* Filesystem/);
        expect(await kubectl.run('get', 'namespaces', namespace)).to.match(/NAME +STATUS +AGE\n\S+ +Active +\d+s/);
      });

      it('all namespaces, several kinds at once, and by category', async () => {
        await create(configMap('one'), pod('two'));
        expect(await kubectl.run('get', 'cm', '-A')).to.match(new RegExp(`NAMESPACE +NAME +DATA +AGE[^]*\n${namespace} +one +1`));
        expect((await names('cm,pods'))).to.deep.equal(['one', 'two']);
        expect(await names('all')).to.deep.equal(['two']);
      });

      it('pages of a long list', async () => {
        await create(...Array.from({ length: 23 }, (_each, i) => configMap(`cm-${String(i).padStart(2, '0')}`)));
        expect(await names('cm', '--chunk-size=5')).to.have.length(23);
        expect((await kubectl.run('get', 'cm', '--chunk-size=5', '--sort-by=.metadata.name')).split('\n')).to.have.length(25);
      });

      it('what the label selector picks', async () => {
        await create(configMap('a', {}, { labels: { tier: 'web', env: 'test' } }), configMap('b', {}, { labels: { tier: 'db' } }), configMap('c'));
        for (const [selector, expected] of [
          ['tier=web', ['a']], ['tier==db', ['b']], ['tier!=web', ['b', 'c']], ['tier in (web,db)', ['a', 'b']], ['tier notin (web)', ['b', 'c']],
          ['tier', ['a', 'b']], ['!tier', ['c']], ['tier=web,env=prod', []], ['tier,!env', ['b']],
        ] as const) expect(await names('cm', '-l', selector), selector).to.deep.equal(expected);
        expect(await kubectl.refused('', 'get', 'cm', '-l', 'tier=web=db')).to.match(/error/i);
      });

      it('what the field selector picks', async () => {
        await create(pod('one'), pod('two'), configMap('a'), configMap('b'));
        expect(await names('cm', '--field-selector', 'metadata.name=a')).to.deep.equal(['a']);
        expect(await names('cm', '--field-selector', 'metadata.name!=a')).to.deep.equal(['b']);
        expect(await names('pods', '--field-selector', 'status.phase=Pending,metadata.name=two')).to.deep.equal(['two']);
        expect(await names('pods', '--field-selector', 'spec.nodeName=somewhere')).to.deep.equal([]);
        expect(await kubectl.refused('', 'get', 'cm', '--field-selector', 'data.color=red')).to.include('field label not supported: data.color');
      });

      it('changes as they happen, with -w', async () => {
        await create(configMap('one'));
        const watching = kubectl.spawn(['get', 'cm', '-w', '--output-watch-events', `--field-selector=metadata.name!=${rootCa}`]);
        const lines = createInterface(watching.stdout)[Symbol.asyncIterator]();
        const next = async (): Promise<string> => String((await lines.next()).value);
        expect(await next()).to.match(/^EVENT +NAME +DATA +AGE$/);
        expect(await next()).to.match(/^ADDED +one +1 /);
        const added = next();
        await create(configMap('two', { a: '1', b: '2' }));
        expect(await added).to.match(/^ADDED +two +2 /);
        const modified = next();
        await kubectl.run('patch', 'cm', 'two', '-p', '{"data":{"c":"3"}}');
        expect(await modified).to.match(/^MODIFIED +two +3 /);
        const deleted = next();
        await kubectl.run('delete', 'cm', 'one');
        expect(await deleted).to.match(/^DELETED +one +1 /);
        watching.kill('SIGINT');
        await watching;
      });

      it('anything with --raw', async () => {
        expect(await kubectl.run('get', '--raw', '/readyz')).to.equal('ok');
        expect(JSON.parse(await kubectl.run('get', '--raw', `/api/v1/namespaces/${namespace}/secrets`))).to.deep.include({ kind: 'SecretList', items: [] });
      });

      it('nothing, and says so', async () => {
        const { exitCode, stderr } = await kubectl.attempt(['get', 'secrets']);
        expect([exitCode, stderr]).to.deep.equal([0, `No resources found in ${namespace} namespace.`]);
        expect(await kubectl.refused('', 'get', 'cm', 'nobody')).to.equal('Error from server (NotFound): configmaps "nobody" not found');
        expect(await kubectl.refused('', 'get', 'widgets')).to.include('the server doesn\'t have a resource type "widgets"');
      });
    });

    describe('discovers', () => {
      it('every kind with its short name, group and verbs', async () => {
        const table = await kubectl.run('api-resources');
        for (const line of [
          /^configmaps +cm +v1 +true +ConfigMap$/m, /^persistentvolumeclaims +pvc +v1 +true +PersistentVolumeClaim$/m, /^persistentvolumes +pv +v1 +false +PersistentVolume$/m,
          /^storageclasses +sc +storage\.k8s\.io\/v1 +false +StorageClass$/m, /^leases +coordination\.k8s\.io\/v1 +true +Lease$/m, /^events +ev +events\.k8s\.io\/v1 +true +Event$/m,
          /^namespaces +ns +v1 +false +Namespace$/m, /^csistoragecapacities +storage\.k8s\.io\/v1 +true +CSIStorageCapacity$/m,
        ]) expect(table).to.match(line);
        expect(await kubectl.run('api-resources', '--verbs=list,watch,deletecollection', '--namespaced', '-o', 'name')).to.include('configmaps').and.include('persistentvolumeclaims');
        expect(await kubectl.run('api-resources', '--api-group=storage.k8s.io', '-o', 'name')).to.include('volumeattachments.storage.k8s.io');
      });

      it('the versions of every group', async () => {
        expect((await kubectl.run('api-versions')).split('\n')).to.include.members(['v1', 'storage.k8s.io/v1', 'events.k8s.io/v1', 'coordination.k8s.io/v1']);
      });

      it('the server\'s version', async () => {
        expect((await kubectl.json('version')).serverVersion).to.include({ major: '1' });
      });

      it('the fields of a kind, with explain', async function () {
        if (binary.minor < 27) skipBecause(this, readsOpenApiV2);
        const explained = await kubectl.run('explain', 'persistentvolumeclaim.spec');
        expect(explained).to.match(/KIND: +PersistentVolumeClaim\nVERSION: +v1/).and.match(/accessModes\t<\[\]string>/).and.match(/resources\t<VolumeResourceRequirements>/);
        expect(await kubectl.run('explain', 'sc.volumeBindingMode')).to.match(/FIELD: volumeBindingMode <string>/);
        expect(await kubectl.run('explain', 'pod', '--recursive')).to.match(/containers\t<\[\]Container> -required-/).and.include('livenessProbe');
        expect(await kubectl.refused('', 'explain', 'pod.spec.nothing')).to.include('field "nothing" does not exist');
      });
    });

    describe('changes', () => {
      it('labels and annotations', async () => {
        await create(configMap('one'));
        expect(await kubectl.run('label', 'cm', 'one', 'tier=web', 'env=test')).to.equal('configmap/one labeled');
        expect(await kubectl.refused('', 'label', 'cm', 'one', 'tier=db')).to.include('already has a value (web), and --overwrite is false');
        await kubectl.run('label', 'cm', 'one', 'tier=db', 'env-', '--overwrite');
        await kubectl.run('annotate', 'cm', 'one', 'note=a b c');
        const { metadata } = await kubectl.json('get', 'cm', 'one');
        expect(metadata.labels).to.deep.equal({ tier: 'db' });
        expect(metadata.annotations).to.deep.equal({ note: 'a b c' });
        expect(await kubectl.refused('', 'label', 'cm', 'one', 'tier=no spaces')).to.match(/invalid/i);
      });

      it('by JSON, merge and strategic merge patch', async () => {
        await create(pod('one', { tolerations: [{ key: 'a', operator: 'Exists' }] }), configMap('two', { a: '1', b: '2' }));
        await kubectl.run('patch', 'cm', 'two', '--type=json', '-p', '[{"op":"test","path":"/data/a","value":"1"},{"op":"replace","path":"/data/a","value":"9"},{"op":"remove","path":"/data/b"}]');
        expect((await kubectl.json('get', 'cm', 'two')).data).to.deep.equal({ a: '9' });
        await kubectl.run('patch', 'cm', 'two', '--type=merge', '-p', '{"data":{"a":null,"c":"3"}}');
        expect((await kubectl.json('get', 'cm', 'two')).data).to.deep.equal({ c: '3' });
        await kubectl.run('patch', 'pod', 'one', '--type=strategic', '-p', '{"spec":{"containers":[{"name":"main","image":"busybox:2"}]}}');
        const { containers } = (await kubectl.json('get', 'pod', 'one')).spec;
        expect(containers).to.have.length(1);
        expect(containers[0]).to.include({ name: 'main', image: 'busybox:2' });
        expect(await kubectl.refused('', 'patch', 'cm', 'two', '--type=json', '-p', '[{"op":"test","path":"/data/c","value":"4"}]')).to.match(/The request is invalid/);
        expect(await kubectl.refused('', 'patch', 'cm', 'two', '--type=json', '-p', '[{"op":"remove","path":"/data/nothing"}]')).to.match(/The request is invalid/);
      });

      it('in an editor', async () => {
        await create(configMap('one'));
        const { exitCode, stdout, stderr } = await kubectl.attempt(['edit', 'cm', 'one'], { env: { KUBE_EDITOR: 'sed -i s/red/blue/' } });
        expect([exitCode, stdout], stderr).to.deep.equal([0, 'configmap/one edited']);
        expect((await kubectl.json('get', 'cm', 'one')).data.color).to.equal('blue');
        const unchanged = await kubectl.attempt(['edit', 'cm', 'one'], { env: { KUBE_EDITOR: 'true' } });
        expect(unchanged.stdout + unchanged.stderr).to.include('Edit cancelled, no changes made.');
      });

      it('by replacing the whole', async () => {
        await create(configMap('one', { a: '1', b: '2' }));
        const path = await file('replace.json', configMap('one', { a: '3' }));
        expect(await kubectl.run('replace', '-f', path)).to.equal('configmap/one replaced');
        expect((await kubectl.json('get', 'cm', 'one')).data).to.deep.equal({ a: '3' });
        const { uid } = (await kubectl.json('get', 'cm', 'one')).metadata;
        await kubectl.run('replace', '--force', '-f', path);
        expect((await kubectl.json('get', 'cm', 'one')).metadata.uid).to.not.equal(uid);
        expect(await kubectl.refused(configMap('nobody'), 'replace', '-f', '-')).to.include('NotFound');
      });

      it('refuses to replace what somebody else has changed since', async () => {
        await create(configMap('one'));
        const old = await kubectl.json('get', 'cm', 'one');
        await kubectl.run('annotate', 'cm', 'one', 'a=b');
        expect(await kubectl.refused(old, 'replace', '-f', '-')).to.include('Error from server (Conflict)').and.include('the object has been modified');
      });

      it('by apply, which takes out what the manifest no longer has', async () => {
        expect(await kubectl.apply(configMap('one', { a: '1', b: '2' }))).to.equal('configmap/one created');
        expect(await kubectl.apply(configMap('one', { a: '1', b: '2' }))).to.equal('configmap/one unchanged');
        await kubectl.run('patch', 'cm', 'one', '-p', '{"data":{"other":"kept"}}');
        expect(await kubectl.apply(configMap('one', { a: '9' }))).to.equal('configmap/one configured');
        expect((await kubectl.json('get', 'cm', 'one')).data).to.deep.equal({ a: '9', other: 'kept' });
      });

      it('by apply of lists with merge keys', async () => {
        await kubectl.apply(pod('one', { containers: [{ name: 'main', image: 'busybox' }, { name: 'side', image: 'busybox' }] }));
        expect(await kubectl.apply(pod('one', { containers: [{ name: 'main', image: 'busybox:2' }, { name: 'side', image: 'busybox' }] }))).to.equal('pod/one configured');
        const { containers } = (await kubectl.json('get', 'pod', 'one')).spec;
        expect(containers.map((each: { name: string; image: string }) => [each.name, each.image])).to.deep.equal([['main', 'busybox:2'], ['side', 'busybox']]);
      });

      it('after showing them with diff', async function () {
        if (binary.minor < 27) skipBecause(this, readsOpenApiV2);
        await kubectl.apply(configMap('one'));
        const same = await kubectl.attempt(['diff', '-f', '-'], { input: JSON.stringify(configMap('one')) });
        expect([same.exitCode, same.stdout], same.stderr).to.deep.equal([0, '']);
        const other = await kubectl.attempt(['diff', '-f', '-'], { input: JSON.stringify(configMap('one', { color: 'blue' })) });
        expect(other.exitCode, other.stderr).to.equal(1);
        expect(other.stdout).to.match(/^- +color: red$/m).and.match(/^\+ +color: blue$/m);
        const fresh = await kubectl.attempt(['diff', '-f', '-'], { input: JSON.stringify(configMap('new')) });
        expect(fresh.exitCode, fresh.stderr).to.equal(1);
        expect(await names('cm')).to.deep.equal(['one']);
      });

      it('nothing on a dry run', async function () {
        if (binary.minor < 27) skipBecause(this, readsOpenApiV2);
        await create(configMap('one'));
        expect(await kubectl.feed(JSON.stringify(configMap('two')), 'create', '--dry-run=server', '-f', '-')).to.equal('configmap/two created (server dry run)');
        const applied = JSON.parse(await kubectl.feed(JSON.stringify(claim('three')), 'apply', '--dry-run=server', '-f', '-', '-o', 'json'));
        expect(applied.spec.volumeMode).to.equal('Filesystem');
        await kubectl.run('patch', 'cm', 'one', '--dry-run=server', '-p', '{"data":{"color":"blue"}}');
        await kubectl.run('delete', 'cm', 'one', '--dry-run=server');
        expect(await names('cm,pvc')).to.deep.equal(['one']);
        expect((await kubectl.json('get', 'cm', 'one')).data.color).to.equal('red');
        expect(await kubectl.refused(configMap('one'), 'create', '--dry-run=server', '-f', '-')).to.include('AlreadyExists');
      });

      it('the status by its subresource only', async function () {
        if (binary.minor < 24) skipBecause(this, `kubectl 1.${binary.minor} has no flag --subresource`);
        await create(claim('one'));
        await kubectl.run('patch', 'pvc', 'one', '--subresource=status', '--type=merge', '-p', '{"status":{"conditions":[{"type":"Resizing","status":"True","reason":"Test"}]}}');
        await kubectl.run('patch', 'pvc', 'one', '--type=merge', '-p', '{"status":{"conditions":[]},"metadata":{"labels":{"a":"b"}}}');
        const { metadata, status } = await kubectl.json('get', 'pvc', 'one');
        expect(metadata.labels).to.deep.equal({ a: 'b' });
        expect(status.conditions).to.have.length(1);
      });

      it('nodes: cordon, taint and uncordon', async () => {
        const name = `node-of-${namespace}`;
        await create({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
        await kubectl.run('cordon', name);
        await kubectl.run('taint', 'node', name, 'dedicated=tests:NoSchedule');
        expect(await kubectl.run('get', 'node', name)).to.match(/NAME +STATUS +ROLES +AGE +VERSION\n\S+ +Unknown,SchedulingDisabled +<none>/);
        expect(await kubectl.run('describe', 'node', name)).to.match(/Taints: +dedicated=tests:NoSchedule/).and.match(/Unschedulable: +true/);
        await kubectl.run('uncordon', name);
        expect((await kubectl.json('get', 'node', name)).spec.unschedulable).to.equal(undefined);
        await kubectl.run('delete', 'node', name);
      });
    });

    describe('creates', () => {
      // From 1.32 on these commands send protobuf, and take no other way when it is refused.
      it('without a manifest', async () => {
        await kubectl.run('create', 'configmap', 'typed', '--from-literal=color=red', '--from-literal=empty=');
        await kubectl.run('create', 'secret', 'generic', 'typed', '--from-literal=password=hunter2');
        await kubectl.run('create', 'quota', 'typed', '--hard=requests.storage=5Gi,count/configmaps=7');
        await kubectl.run('create', 'serviceaccount', 'typed');
        await kubectl.run('create', 'namespace', `${namespace}-typed`);
        await kubectl.run('run', 'typed', '--image=busybox', '--restart=Never', '--env=A=', '--labels=a=b');
        const read = async (kind: string): Promise<Record<string, Record<string, unknown>>> => JSON.parse(await kubectl.run('get', kind, 'typed', '-o', 'json')) as Record<string, Record<string, unknown>>;
        expect((await read('configmap'))['data']).to.deep.equal({ color: 'red', empty: '' });
        expect((await read('secret'))['data']).to.deep.equal({ password: 'aHVudGVyMg==' });
        expect((await read('quota'))['spec']).to.deep.equal({ hard: { 'requests.storage': '5Gi', 'count/configmaps': '7' } });
        expect((await read('pod'))['spec']).to.include({ restartPolicy: 'Never', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30 });
        expect(await names('namespace', `${namespace}-typed`)).to.deep.equal([`${namespace}-typed`]);
        await kubectl.run('delete', 'namespace', `${namespace}-typed`);
      });

      it('names from generateName', async () => {
        const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'cm-' } };
        await create(manifest, manifest);
        const made = await names('cm');
        expect(new Set(made).size).to.equal(2);
        for (const name of made) expect(name).to.match(/^cm-[bcdfghjklmnpqrstvwxz2-9]{5}$/);
      });

      it('nothing twice', async () => {
        await create(configMap('one'));
        expect(await kubectl.refused(configMap('one'), 'create', '-f', '-')).to.include('Error from server (AlreadyExists)').and.include('configmaps "one" already exists');
      });

      it('nothing in a namespace that is not there', async () => {
        expect(await kubectl.refused(configMap('one', {}, { namespace: 'nowhere' }), 'create', '-f', '-')).to.include('namespaces "nowhere" not found');
      });

      it('secrets from plain text', async () => {
        await create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' }, stringData: { password: 'geheim' } });
        const { data, type, stringData } = await kubectl.json('get', 'secret', 'one');
        expect({ data, type, stringData }).to.deep.equal({ data: { password: Buffer.from('geheim').toString('base64') }, type: 'Opaque', stringData: undefined });
        expect(await kubectl.run('describe', 'secret', 'one')).to.match(/password: +6 bytes/);
        expect(await kubectl.run('get', 'secrets')).to.match(/NAME +TYPE +DATA +AGE\none +Opaque +1 /);
      });

      it('no more than a quota allows', async () => {
        await create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few' }, spec: { hard: { 'count/configmaps': '3', persistentvolumeclaims: '1' } } });
        await create(configMap('one'));
        await create(configMap('two'));
        expect(await kubectl.refused(configMap('three'), 'create', '-f', '-')).to.include('Forbidden').and.include('exceeded quota: few');
        await create(claim('four'));
        expect(await kubectl.refused(claim('five'), 'create', '-f', '-')).to.include('exceeded quota: few, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=1, limited: persistentvolumeclaims=1');
        await until(async () => /persistentvolumeclaims +1 +1/.test(await kubectl.run('describe', 'quota', 'few')), 'the quota to show what is used');
      });
    });

    describe('deletes', () => {
      it('and waits until it is gone', async () => {
        await create(configMap('one'));
        expect(await kubectl.run('delete', 'cm', 'one', '--wait', '--timeout=10s')).to.match(/^configmap "one" deleted/);
        expect(await kubectl.refused('', 'delete', 'cm', 'one')).to.include('NotFound');
        expect(await kubectl.run('delete', 'cm', 'one', '--ignore-not-found')).to.equal('');
      });

      for (const cascade of ['background', 'foreground', 'orphan']) {
        it(`with --cascade=${cascade}`, async () => {
          await create(configMap('one'));
          expect(await kubectl.run('delete', 'cm', 'one', `--cascade=${cascade}`, '--timeout=10s')).to.match(/deleted/);
          expect(await names('cm')).to.deep.equal([]);
        });
      }

      it('what has finalizers only when they are gone', async () => {
        await create(configMap('one', {}, { finalizers: ['example.org/hold'] }));
        expect(await kubectl.run('delete', 'cm', 'one', '--wait=false')).to.match(/deleted/);
        expect((await kubectl.json('get', 'cm', 'one')).metadata.deletionTimestamp).to.match(/^\d{4}-/);
        const waiting = kubectl.attempt(['wait', '--for=delete', 'cm/one', '--timeout=15s']);
        await kubectl.run('patch', 'cm', 'one', '--type=json', '-p', '[{"op":"remove","path":"/metadata/finalizers"}]');
        expect((await waiting).exitCode).to.equal(0);
        expect(await names('cm')).to.deep.equal([]);
      });

      it('by label, and all of a kind', async () => {
        await create(configMap('a', {}, { labels: { x: '1' } }), configMap('b', {}, { labels: { x: '1' } }), configMap('c'), configMap('d'));
        await kubectl.run('delete', 'cm', '-l', 'x=1');
        expect(await names('cm')).to.deep.equal(['c', 'd']);
        await kubectl.run('delete', 'cm', '--all');
        expect(await names('cm')).to.deep.equal([]);
      });

      it('pods that run nowhere at once, also by force', async () => {
        await create(pod('one'), pod('two'));
        await kubectl.run('delete', 'pod', 'one', '--timeout=10s');
        await kubectl.run('delete', 'pod', 'two', '--grace-period=0', '--force', '--timeout=10s');
        expect(await names('pods')).to.deep.equal([]);
      });

      it('a namespace with everything in it', async () => {
        await create(configMap('one'), pod('two'), claim('three'));
        await kubectl.run('delete', 'namespace', namespace, '--timeout=20s');
        expect(await names('namespaces')).to.not.include(namespace);
        expect(await kubectl.run('get', 'cm,pods,pvc', '-A', '-o', 'jsonpath={.items[*].metadata.namespace}')).to.not.include(namespace);
      });
    });

    describe('tells', () => {
      it('of a claim that waits, with the event that says why', async () => {
        await create(claim('one'));
        await until(async () => /ProvisioningFailed|FailedBinding/.test(await kubectl.run('describe', 'pvc', 'one')), 'an event about the claim');
        expect(await kubectl.run('describe', 'pvc', 'one')).to.match(/Status: +Pending/).and.match(/Warning +ProvisioningFailed .*storageclass\.storage\.k8s\.io "none-of-these" not found/);
        expect(await kubectl.run('get', 'events', '--field-selector', 'involvedObject.name=one')).to.match(/LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Warning +ProvisioningFailed +persistentvolumeclaim\/one/);
        expect(await kubectl.run('get', 'events.events.k8s.io', '-o', 'jsonpath={.items[0].regarding.name}')).to.equal('one');
      });

      it('of pods', async () => {
        await create(pod('one', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }));
        expect(await kubectl.run('describe', 'pod', 'one')).to.match(/Status: +Pending/).and.match(/ClaimName: +data/).and.match(/Image: +busybox/);
      });
    });
  });
}
