import { expect } from 'chai';
import { MemoryStore } from '#plugins/store/memory/memory-store.ts';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';

const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const merge = { 'Content-Type': 'application/merge-patch+json' };
const claim = (name: string, storage = '1Gi', spec: object = {}) => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...spec },
});
const storageClass = (name: string, rest: object = {}) => ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner: 'example.com/p', ...rest });

describe('admission', () => {
  let plane: ControlPlane;
  beforeEach(async () => {
    plane = await startControlPlane();
  });
  afterEach(() => plane.stop());
  const post = (path: string, body: object): Promise<Answer> => plane.send('POST', path, { body });

  it('lets nothing into a namespace that is missing or ending', async () => {
    const missing = await post('/api/v1/namespaces/none/configmaps', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } });
    expect([missing.code, missing.body.message]).to.deep.equal([404, 'namespaces "none" not found']);
    await post('/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'ending' } });
    const ending = await plane.send('DELETE', '/api/v1/namespaces/ending');
    expect(ending.body.status.phase).to.equal('Terminating');
    const late = await post('/api/v1/namespaces/ending/configmaps', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } });
    expect([late.code, late.body.details.causes[0].reason]).to.deep.equal([403, 'NamespaceTerminating']);
    expect((await plane.send('DELETE', '/api/v1/namespaces/default')).code).to.equal(403);
  });

  it('ends a namespace when its finalizer is taken off through finalize, and through nothing else', async () => {
    await post('/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'going' } });
    const { body } = await plane.send('DELETE', '/api/v1/namespaces/going');
    const emptied = { ...body, spec: { finalizers: [] } };
    await plane.send('PUT', '/api/v1/namespaces/going', { body: emptied });
    expect((await plane.send('GET', '/api/v1/namespaces/going')).body.spec.finalizers).to.deep.equal(['kubernetes']);
    expect((await plane.send('PUT', '/api/v1/namespaces/going/finalize', { body: emptied })).code).to.equal(200);
    expect((await plane.send('GET', '/api/v1/namespaces/going')).code).to.equal(404);
  });

  it('gives claims the newest default class, unless they ask for none', async () => {
    const mark = { metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } };
    await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('standard', mark));
    expect((await post(claims, claim('asks-nothing'))).body.spec.storageClassName).to.equal('standard');
    expect((await post(claims, claim('asks-none', '1Gi', { storageClassName: '' }))).body.spec.storageClassName).to.equal('');
    expect((await post(claims, claim('asks-other', '1Gi', { storageClassName: 'other' }))).body.spec.storageClassName).to.equal('other');
  });

  it('protects claims and volumes from their birth', async () => {
    expect((await post(claims, claim('born'))).body.metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
    const volume = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } };
    expect((await post('/api/v1/persistentvolumes', volume)).body.metadata.finalizers).to.deep.equal(['kubernetes.io/pv-protection']);
  });

  it('lets a claim grow only when it is bound and its class allows it', async () => {
    await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('fixed'));
    await post('/apis/storage.k8s.io/v1/storageclasses', storageClass('elastic', { allowVolumeExpansion: true }));
    const grow = (name: string) => plane.send('PATCH', `${claims}/${name}`, { body: { spec: { resources: { requests: { storage: '2Gi' } } } }, headers: merge });
    for (const name of ['fixed', 'elastic']) {
      await post(claims, claim(name, '1Gi', { storageClassName: name, volumeName: `pv-${name}` }));
      expect((await grow(name)).code).to.be.oneOf([403, 422]);
      await plane.send('PATCH', `${claims}/${name}/status`, { body: { status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } } }, headers: merge });
    }
    expect((await grow('fixed')).code).to.equal(403);
    expect((await grow('elastic')).code, (await grow('elastic')).text).to.equal(200);
  });

  describe('quotas', () => {
    const quota = (hard: Record<string, string>) => post('/api/v1/namespaces/default/resourcequotas', { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard } });

    it('are exact when many write at once, to a store that takes its time', async () => {
      await plane.stop();
      const kv = new MemoryStore();
      const write = kv.write.bind(kv);
      kv.write = async (request) => {
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        return write(request);
      };
      plane = await startControlPlane({ kv });
      await quota({ persistentvolumeclaims: '10' });
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => post(claims, claim(`c-${i}`))));
      expect(answers.filter(({ code }) => code === 201)).to.have.length(10);
      const refused = answers.find(({ code }) => code === 403);
      expect(refused?.body.message).to.match(/^persistentvolumeclaims "c-\d+" is forbidden: exceeded quota: q, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=10, limited: persistentvolumeclaims=10$/);
    });

    it('give back what is deleted, refused or only tried', async () => {
      await quota({ 'requests.storage': '3Gi', 'count/configmaps': '1' });
      expect((await post(claims, claim('a', '2Gi'))).code).to.equal(201);
      expect((await post(claims, claim('b', '2Gi'))).body.message).to.contain('requested: requests.storage=2Gi, used: requests.storage=2Gi, limited: requests.storage=3Gi');
      expect((await post(`${claims}?dryRun=All`, claim('b', '1Gi'))).code).to.equal(201);
      expect((await post(claims, claim('a', '1Gi'))).code, 'the name is taken').to.equal(409);
      await plane.send('PATCH', `${claims}/a`, { body: { metadata: { finalizers: null } }, headers: merge });
      await plane.send('DELETE', `${claims}/a`);
      expect((await post(claims, claim('c', '3Gi'))).code).to.equal(201);
    });

    it('count by class, and let go when the quota goes', async () => {
      await quota({ 'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1' });
      const gold = (name: string) => post(claims, claim(name, '1Gi', { storageClassName: 'gold' }));
      expect((await gold('g1')).code).to.equal(201);
      expect((await post(claims, claim('plain', '1Gi', { storageClassName: 'tin' }))).code).to.equal(201);
      expect((await gold('g2')).code).to.equal(403);
      await plane.send('DELETE', '/api/v1/namespaces/default/resourcequotas/q');
      expect((await gold('g2')).code).to.equal(201);
    });
  });
});
