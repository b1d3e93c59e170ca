import { access, chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import type { VolumeError } from './pod-volumes.ts';
import type { FakeClient } from '#test/fixtures/fake-client.ts';
import { inMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { never, podWith, rejection, VolumeNode } from '#test/fixtures/node-volumes.ts';
import { Pod as PodKind } from '#core/api/schema/core-v1/pod.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('NodeVolumes', () => {
  let node: VolumeNode;

  beforeEach(async () => {
    node = await VolumeNode.make();
  });
  afterEach(() => node.remove());

  const prepare = (pod: Pod) => node.volumes.prepare(pod, never);
  const pathOf = async (pod: Pod, name = 'v0'): Promise<string> => (await prepare(pod)).get(name)?.hostPath ?? '';
  const failure = async (pod: Pod): Promise<VolumeError> => (await rejection(prepare(pod))) as VolumeError;
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  const configMap = (name: string, data: Record<string, string>, more: object = {}) => node.client.create(ConfigMap, { metadata: { namespace: 'default', name }, data, ...more });

  describe('emptyDir', () => {
    it('is a folder that anybody may write to, and stays as the pod left it', async () => {
      const pod = podWith([{ emptyDir: {} }], { uid: 'p1' });
      const path = await pathOf(pod);
      expect(path).to.equal(join(node.folder, 'pods/p1/volumes/kubernetes.io~empty-dir/v0'));
      expect((await stat(path)).mode & 0o7777).to.equal(0o777);
      await writeFile(join(path, 'data'), 'x');
      await chmod(path, 0o700);
      await node.restart();
      expect(await pathOf(pod)).to.equal(path);
      expect([await read(join(path, 'data')), (await stat(path)).mode & 0o7777]).to.deep.equal(['x', 0o700]);
    });

    it('refuses huge pages for good, in a sentence', async () => {
      const error = await failure(podWith([{ emptyDir: { medium: 'HugePages-2Mi' } }]));
      expect([error.reason, error.terminal]).to.deep.equal(['FailedMount', true]);
      expect(error.message).to.equal('MountVolume.SetUp failed for volume "v0" : emptyDir medium "HugePages-2Mi" is not supported on this node, only "" and "Memory" are');
    });

    it('is measured without following links, each file once', async () => {
      const pod = podWith([{ emptyDir: {} }, { emptyDir: {} }], { uid: 'p1' });
      const path = await pathOf(pod);
      await writeFile(join(path, 'big'), Buffer.alloc(1_000_000, 1));
      await symlink('/usr', join(path, 'link'));
      const { link } = await import('node:fs/promises');
      await link(join(path, 'big'), join(path, 'again'));
      const usage = await node.volumes.localUsage('p1', never);
      expect(Number(usage.get('v0'))).to.be.within(1_000_000, 1_100_000);
      expect(Number(usage.get('v1'))).to.be.below(100_000);
    });

    it('is removed whatever its files are called and however deep they are', async () => {
      const pod = podWith([{ emptyDir: {} }], { uid: 'p1' });
      const path = await pathOf(pod);
      const { rename } = await import('node:fs/promises');
      await writeFile(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0xfe, 0x41])]), 'not UTF-8');
      // Deeper than the longest path, as a shell in a pod can do it: by moving a deep tree below another.
      const part = `${'d'.repeat(200)}/`.repeat(15);
      let top = join(path, 'bottom');
      await mkdir(join(top, part), { recursive: true });
      for (let i = 0; i < 3; i++) {
        const next = join(path, `level${i}`);
        await mkdir(join(next, part), { recursive: true });
        await rename(top, join(next, part, 'below'));
        top = next;
      }
      await symlink('/etc', join(path, 'etc'));
      await chmod(join(path, 'level2'), 0o000);
      await chmod(path, 0o000);
      await node.volumes.release('p1', never);
      expect(await node.left()).to.deep.equal([]);
      await access('/etc/passwd');
    });
  });

  describe('hostPath', () => {
    const at = async (path: string, type?: string): Promise<string> => pathOf(podWith([{ hostPath: { path: join(node.folder, path), ...(type === undefined ? {} : { type: type as 'File' }) } }]));
    const refusal = async (path: string, type: string): Promise<string> => (await rejection(at(path, type))).message.replace(node.folder, '');

    it('makes what it may make', async () => {
      expect(await at('a/b', 'DirectoryOrCreate')).to.equal(join(node.folder, 'a/b'));
      expect((await stat(join(node.folder, 'a/b'))).isDirectory()).to.equal(true);
      await at('a/file', 'FileOrCreate');
      await writeFile(join(node.folder, 'a/file'), 'kept');
      await at('a/file', 'FileOrCreate');
      expect(await read(join(node.folder, 'a/file'))).to.equal('kept');
      await at('nothing/here', '');
      expect((await stat(join(node.folder, 'nothing/here'))).isDirectory()).to.equal(true);
    });

    it('checks what is there, in upstream\'s words', async () => {
      await mkdir(join(node.folder, 'd'));
      await writeFile(join(node.folder, 'f'), '');
      expect(await refusal('f', 'Directory')).to.equal('MountVolume.SetUp failed for volume "v0" : hostPath type check failed: /f is not a directory');
      expect(await refusal('none', 'Directory')).to.contain('/none is not a directory');
      expect(await refusal('f', 'DirectoryOrCreate')).to.contain('/f is not a directory');
      expect(await refusal('d', 'File')).to.contain('/d is not a file');
      expect(await refusal('d', 'FileOrCreate')).to.contain('/d is not a file');
      expect(await refusal('f', 'Socket')).to.contain('/f is not a socket file');
      expect(await refusal('f', 'CharDevice')).to.contain('/f is not a character device');
      expect(await refusal('f', 'BlockDevice')).to.contain('/f is not a block device');
      expect(await refusal('f', 'Nonsense')).to.contain('"Nonsense" is an invalid volume type');
      expect(await at('d', 'Directory')).to.equal(join(node.folder, 'd'));
      expect(await pathOf(podWith([{ hostPath: { path: '/dev/null', type: 'CharDevice' } }]))).to.equal('/dev/null');
    });

    it('knows a socket', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(join(node.folder, 's'), resolve);
      });
      expect(await at('s', 'Socket')).to.equal(join(node.folder, 's'));
      await new Promise((resolve) => {
        server.close(resolve);
      });
    });

    it('refuses paths that step back, and leaves the node\'s things when the pod goes', async () => {
      expect((await failure(podWith([{ hostPath: { path: '/srv/../etc' } }]))).message).to.contain('is not an absolute path without ".."');
      await writeFile(join(node.folder, 'f'), 'precious');
      await pathOf(podWith([{ hostPath: { path: join(node.folder, 'f'), type: 'File' } }], { uid: 'p1' }));
      await node.volumes.release('p1', never);
      expect(await read(join(node.folder, 'f'))).to.equal('precious');
    });
  });

  describe('configMap and secret', () => {
    it('show all keys, text and bytes, or the chosen ones in their places', async () => {
      await configMap('conf', { a: 'text' }, { binaryData: { b: base64('bytes') } });
      await node.client.create(Secret, { metadata: { namespace: 'default', name: 'cred' }, data: { user: base64('me'), password: base64('\u0000secret') } });
      const pod = podWith([
        { configMap: { name: 'conf' } }, { configMap: { name: 'conf', items: [{ key: 'a', path: 'deep/er', mode: 0o400 }], defaultMode: 0o600 } },
        { secret: { secretName: 'cred', defaultMode: 0o440 } },
      ]);
      const all = await prepare(pod);
      expect(all.get('v0')).to.include({ kind: 'filesystem', readOnly: true });
      const [first, second, third] = ['v0', 'v1', 'v2'].map((name) => all.get(name)?.hostPath ?? '');
      expect([await read(`${first}/a`), await read(`${first}/b`), await read(`${second}/deep/er`), await read(`${third}/password`)]).to.deep.equal(['text', 'bytes', 'text', '\u0000secret']);
      expect([(await stat(`${first}/a`)).mode & 0o777, (await stat(`${second}/deep/er`)).mode & 0o777, (await stat(`${third}/user`)).mode & 0o777]).to.deep.equal([0o644, 0o400, 0o440]);
      expect((await readdir(second ?? '')).filter((name) => !name.startsWith('..'))).to.deep.equal(['deep']);
      expect(third).to.contain('/kubernetes.io~secret/v2');
      expect((await stat(join(node.folder, 'pods'))).mode & 0o077, 'nobody else looks into the pods\' folder').to.equal(0);
    });

    it('say what is missing as upstream does, and do without what is optional', async () => {
      expect((await failure(podWith([{ configMap: { name: 'none' } }]))).message).to.equal('MountVolume.SetUp failed for volume "v0" : configmap "none" not found');
      expect((await failure(podWith([{ secret: { secretName: 'none' } }]))).message).to.equal('MountVolume.SetUp failed for volume "v0" : secret "none" not found');
      await configMap('conf', { a: '1' });
      const items = [{ key: 'a', path: 'a' }, { key: 'missing', path: 'm' }];
      expect((await failure(podWith([{ configMap: { name: 'conf', items } }]))).message).to.contain('configmap references non-existent config key: missing');
      const pod = podWith([{ configMap: { name: 'conf', items, optional: true } }, { secret: { secretName: 'none', optional: true } }]);
      expect((await readdir(await pathOf(pod))).filter((name) => !name.startsWith('..'))).to.deep.equal(['a']);
      expect((await readdir(await pathOf(pod, 'v1'))).filter((name) => !name.startsWith('..'))).to.deep.equal([]);
    });

    it('refuse keys and items that would leave the folder', async () => {
      await configMap('conf', { '../../x': 'no', ok: '1' });
      expect((await failure(podWith([{ configMap: { name: 'conf' } }]))).message).to.contain("invalid path: must not contain '..'");
      for (const path of ['../x', '/etc/cron.d/x', '..data', 'a/../../x']) {
        expect((await failure(podWith([{ configMap: { name: 'conf', items: [{ key: 'ok', path }] } }]))).message, path).to.contain('invalid path');
      }
      await configMap('proto', { constructor: 'c' });
      expect((await failure(podWith([{ configMap: { name: 'proto', items: [{ key: 'toString', path: 'x' }] } }]))).message).to.contain('non-existent config key: toString');
      expect(await read(`${await pathOf(podWith([{ configMap: { name: 'proto' } }]))}/constructor`)).to.equal('c');
    });

    it('bring changes to pods that run, without asking more often than every 20 seconds', async () => {
      const made = await configMap('conf', { a: '1' });
      const pods = [podWith([{ configMap: { name: 'conf' } }]), podWith([{ configMap: { name: 'conf' } }])];
      const [first = '', second = ''] = await Promise.all(pods.map((pod) => pathOf(pod)));
      const gets = () => (node.client as FakeClient).calls.filter((call) => call === 'get configmaps default/conf').length;
      expect(gets()).to.equal(1);
      await node.client.update(ConfigMap, { ...made, data: { a: '2', b: 'new' } });
      for (const pod of pods) await node.volumes.refresh(pod, never);
      expect([await read(`${first}/a`), gets()]).to.deep.equal(['1', 1]);
      await node.clock.advance(20_000);
      for (const pod of pods) await node.volumes.refresh(pod, never);
      expect([await read(`${first}/a`), await read(`${second}/b`), gets()]).to.deep.equal(['2', 'new', 2]);
    });

    it('leave a running pod its files when the object is gone, and say so', async () => {
      await configMap('conf', { a: '1' });
      const pod = podWith([{ configMap: { name: 'conf' } }]);
      const path = await pathOf(pod);
      await node.client.delete(ConfigMap, { namespace: 'default', name: 'conf' });
      await node.clock.advance(20_000);
      expect((await rejection(node.volumes.refresh(pod, never))).message).to.equal('MountVolume.SetUp failed for volume "v0" : configmap "conf" not found');
      expect(await read(`${path}/a`)).to.equal('1');
    });

    it('read what is immutable once', async () => {
      await configMap('conf', { a: '1' }, { immutable: true });
      const pod = podWith([{ configMap: { name: 'conf' } }]);
      await pathOf(pod);
      for (let i = 0; i < 3; i++) {
        await node.clock.advance(60_000);
        await node.volumes.refresh(pod, never);
      }
      expect((node.client as FakeClient).calls.filter((call) => call.startsWith('get configmaps'))).to.have.length(1);
    });
  });

  describe('downwardAPI', () => {
    const metadata = { labels: { b: '2', a: 'say "hi"\n\u0001é\u00a0' }, annotations: { 'example.com/x': 'y', __proto__: 'z' } };
    const field = (path: string, fieldPath: string) => ({ path, fieldRef: { apiVersion: 'v1', fieldPath } });

    it('shows fields as upstream writes them', async () => {
      const items = [
        field('name', 'metadata.name'), field('labels', 'metadata.labels'), field('x', "metadata.annotations['example.com/x']"), field('none', "metadata.labels['constructor']"), field('uid', 'metadata.uid'),
      ];
      const path = await pathOf(podWith([{ downwardAPI: { items } }], { uid: 'p1', metadata }));
      expect(await Promise.all(['name', 'labels', 'x', 'none', 'uid'].map((name) => read(`${path}/${name}`)))).to.deep.equal([
        'web', String.raw`a="say \"hi\"\n\x01é\u00a0"` + '\nb="2"', 'y', '', 'p1',
      ]);
      expect((await failure(podWith([{ downwardAPI: { items: [field('s', 'spec.nodeName')] } }]))).message).to.contain('unsupported fieldPath: spec.nodeName');
    });

    it('shows resources in the asked-for unit, rounded up, and what the node has where there is no limit', async () => {
      await node.restart({ allocatable: () => ({ cpu: '4', memory: '8Gi' }) });
      const resource = (path: string, text: string, divisor?: string) => ({ path, resourceFieldRef: { containerName: 'c', resource: text, ...(divisor === undefined ? {} : { divisor }) } });
      const items = [
        resource('cpu', 'limits.cpu'), resource('milli', 'limits.cpu', '1m'), resource('mem', 'limits.memory', '1Mi'), resource('req', 'requests.memory'), resource('none', 'requests.cpu', '1m'),
      ];
      const containers = [{ name: 'c', image: 'i', resources: { limits: { cpu: '1500m' }, requests: { memory: '1000k' } }, volumeMounts: [{ name: 'v0', mountPath: '/v' }] }];
      const path = await pathOf(podWith([{ downwardAPI: { items } }], { spec: { containers } }));
      expect(await Promise.all(['cpu', 'milli', 'mem', 'req', 'none'].map((name) => read(`${path}/${name}`)))).to.deep.equal(['2', '1500', '8192', '1000000', '0']);
    });

    it('follows labels that change', async () => {
      const pod = podWith([{ downwardAPI: { items: [field('labels', 'metadata.labels')] } }], { uid: 'p1', metadata: { labels: { a: '1' } } });
      const path = await pathOf(pod);
      await node.volumes.refresh({ ...pod, metadata: { ...pod.metadata, labels: { a: '2' } } }, never);
      expect(await read(`${path}/labels`)).to.equal('a="2"');
    });
  });

  describe('projected', () => {
    it('puts tokens, certificates and names into one folder, and renews a token at 80 % of its life', async () => {
      const api = await inMemoryApi(node.clock);
      try {
        await node.restart({ client: api.client });
        await api.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'kube-root-ca.crt' }, data: { 'ca.crt': 'PEM' } });
        const sources = [
          { serviceAccountToken: { path: 'token', expirationSeconds: 1000, audience: 'vault' } }, { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace', apiVersion: 'v1' } }] } },
        ];
        const draft = podWith([{ projected: { sources } }]);
        const pod = await api.client.create(PodKind, { metadata: { namespace: 'default', name: 'web' }, spec: draft.spec });
        const path = (await prepare(pod)).get('v0')?.hostPath ?? '';
        const token = await read(`${path}/token`);
        const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
        expect(claims).to.deep.include({ aud: ['vault'], sub: 'system:serviceaccount:default:default' });
        expect(claims['kubernetes.io']).to.have.nested.property('pod.uid', pod.metadata.uid);
        expect([await read(`${path}/ca.crt`), await read(`${path}/namespace`)]).to.deep.equal(['PEM', 'default']);
        await node.clock.advance(799_000);
        await node.volumes.refresh(pod, never);
        expect(await read(`${path}/token`)).to.equal(token);
        await node.clock.advance(1000);
        await node.volumes.refresh(pod, never);
        expect(await read(`${path}/token`)).to.not.equal(token);
      } finally {
        await api.stop();
      }
    });

    it('keeps a token that cannot be renewed until it ends', async () => {
      const api = await inMemoryApi(node.clock);
      try {
        const pod = await api.client.create(PodKind, { metadata: { namespace: 'default', name: 'web' }, spec: podWith([]).spec });
        let isDown = false;
        const create: typeof api.client.create = async (...args) => {
          if (isDown) throw new StatusError('ServiceUnavailable', 'down');
          return api.client.create(...args);
        };
        const tokens = new ServiceAccountTokens(Object.assign(Object.create(api.client) as typeof api.client, { create }), node.clock);
        const wish = { audience: '', expirationSeconds: 600 };
        const { token } = await tokens.get(pod, wish, never);
        isDown = true;
        await node.clock.advance(590_000);
        expect((await tokens.get(pod, wish, never)).token).to.equal(token);
        await node.clock.advance(10_000);
        expect((await rejection(tokens.get(pod, wish, never))).message).to.equal('down');
      } finally {
        await api.stop();
      }
    });
  });

  describe('what it does not know', () => {
    it('says what is supported, and that waiting will not help', async () => {
      const error = await failure(podWith([{ nfs: { server: 's', path: '/' } }]));
      expect(error.terminal).to.equal(true);
      expect(error.message).to.equal('MountVolume.SetUp failed for volume "v0" : volumes of type nfs are not supported on this node, ' +
        'only emptyDir, hostPath, configMap, secret, projected, downwardAPI, persistentVolumeClaim, ephemeral');
      expect((await failure(podWith([{ image: { reference: 'x' } }]))).message).to.contain('volumes of type image are not supported');
      expect((await failure(podWith([{ csi: { driver: 'd.example.com' } }]))).message).to.contain('volume mode "Ephemeral" not supported by driver d.example.com (only supports ["Persistent"])');
    });

    it('leaves volumes alone that no container mounts', async () => {
      const pod = podWith([{ nfs: { server: 's', path: '/' } }, { emptyDir: {} }]);
      pod.spec.containers[0]?.volumeMounts?.shift();
      expect([...(await prepare(pod)).keys()]).to.deep.equal(['v1']);
    });

    it('puts several failures into one sentence, and still prepares the others', async () => {
      const pod = podWith([{ configMap: { name: 'none' } }, { emptyDir: {} }, { persistentVolumeClaim: { claimName: 'none' } }], { uid: 'p1' });
      expect((await failure(pod)).message).to.equal('Unable to attach or mount volumes: unmounted volumes=[v0 v2], unattached volumes=[], failed to process volumes=[v2]: ' +
        'MountVolume.SetUp failed for volume "v0" : configmap "none" not found; error processing PVC default/none: failed to fetch PVC from API server: persistentvolumeclaims "none" not found');
      expect((await lstat(join(node.folder, 'pods/p1/volumes/kubernetes.io~empty-dir/v1'))).isDirectory()).to.equal(true);
    });

    it('refuses UIDs and names that are paths', async () => {
      for (const uid of ['../x', '..', '', 'a/b', 'a\0b', 'x'.repeat(200)]) expect((await rejection(prepare(podWith([{ emptyDir: {} }], { uid })))).message, uid).to.contain('cannot be the UID of a pod');
      for (const name of ['../x', '..', 'a/b', '']) expect((await rejection(prepare(podWith([{ emptyDir: {}, name }])))).message, name).to.contain('cannot be the name of a volume');
      expect((await rejection(node.volumes.release('../../etc', never))).message).to.contain('cannot be the UID of a pod');
    });
  });

  it('knows after a restart which pods have something left, and removes it all', async () => {
    await configMap('conf', { a: '1' });
    const pods = ['p1', 'p2'].map((uid) => podWith([{ configMap: { name: 'conf' } }, { emptyDir: {} }], { uid }));
    for (const pod of pods) await prepare(pod);
    await mkdir(join(node.folder, 'pods/not-ours/etc'), { recursive: true });
    await node.restart();
    expect((await node.volumes.known(never)).map(({ uid }) => uid).sort()).to.deep.equal(['p1', 'p2']);
    await node.volumes.release('p1', never);
    await node.volumes.release('p1', never);
    expect((await node.volumes.known(never)).map(({ uid }) => uid)).to.deep.equal(['p2']);
    await node.volumes.release('p2', never);
    expect(await node.left()).to.deep.equal(['pods/not-ours', 'pods/not-ours/etc']);
  });
});
