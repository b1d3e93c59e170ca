import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { program, requires } from '#test/fixtures/requires.ts';
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
  describe(`kubectl 1.${binary.minor}`, () => {
    before(requires(program('kubectl', 'kubernetes-client')));
    let sandbox: Sandbox;
    let keelson: Running;
    let kubectl: Kubectl;
    /** Each test has a namespace of its own. */
    let namespace: string;
    let count = 0;
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
        expect(await kubectl.refused('', 'get', 'cm', '--field-selector', 'data.color=red')).to.include('"data.color" is not a known field selector');
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

      it('the fields of a kind, with explain', async () => {
        // Older ones read OpenAPI v2, and call every object one.
        const readsV3 = binary.minor >= 27;
        const explained = await kubectl.run('explain', 'persistentvolumeclaim.spec');
        expect(explained).to.match(/KIND: +PersistentVolumeClaim\nVERSION: +v1/).and.match(/accessModes\t<\[\]string>/).and.match(readsV3 ? /resources\t<VolumeResourceRequirements>/ : /resources\t<Object>/);
        expect(await kubectl.run('explain', 'sc.volumeBindingMode')).to.match(/FIELD: +volumeBindingMode <string>/);
        expect(await kubectl.run('explain', 'pod', '--recursive')).to.match(readsV3 ? /containers\t<\[\]Container> -required-/ : /containers\t<\[\]Object>/).and.include('livenessProbe');
        expect(await kubectl.refused('', 'explain', 'pod.spec.nothing')).to.include('field "nothing" does not exist');
      });
    });

    describe('changes', () => {
      // What each of these commands shows, and more of them, is in the sessions of the kubectls that they know.
      it('objects in the ways that every kubectl knows', async () => {
        expect(await kubectl.apply(configMap('one', { color: 'red', size: 'small' }))).to.equal('configmap/one created');
        await kubectl.run('patch', 'cm', 'one', '-p', '{"data":{"other":"kept"}}');
        await kubectl.run('label', 'cm', 'one', 'tier=web');
        expect(await kubectl.apply(configMap('one', { color: 'green' }))).to.equal('configmap/one configured');
        const { exitCode, stdout, stderr } = await kubectl.attempt(['edit', 'cm', 'one'], { env: { KUBE_EDITOR: 'sed -i s/green/blue/' } });
        expect([exitCode, stdout], stderr).to.deep.equal([0, 'configmap/one edited']);
        const { data, metadata } = await kubectl.json('get', 'cm', 'one');
        expect([data, metadata.labels]).to.deep.equal([{ color: 'blue', other: 'kept' }, { tier: 'web' }]);
        expect(await kubectl.refused({ ...configMap('one'), metadata: { name: 'one', resourceVersion: '1' } }, 'replace', '-f', '-')).to.include('the object has been modified');
      });
    });

    describe('creates', () => {
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
