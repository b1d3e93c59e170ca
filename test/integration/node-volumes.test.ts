import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { CsiNodeKeeper } from '#core/agent/volumes/csi-node.ts';
import { attachmentName } from '#core/agent/volumes/csi/attachments.ts';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { CSIDriver, CSINode, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { issueCertificate } from '#core/authn/pki.ts';
import { HttpClient } from '#core/client/http-client.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { never, podWith, rejection, VolumeNode } from '#test/fixtures/node-volumes.ts';

/** Over HTTPS, with a node's certificate: what its pods need it may have, by the Node authorizer and NodeRestriction, and nothing else. */
describe('a node\'s volumes and its rights', function () {
  this.timeout(30_000);

  let plane: ControlPlane;
  let clients: HttpClient[];
  let node: VolumeNode;

  const clientOf = async (name: string): Promise<HttpClient> => {
    const pair = await issueCertificate(plane.pki.authority, { commonName: `system:node:${name}`, organization: 'system:nodes', usage: 'client' }, systemClock);
    const client = new HttpClient({ server: plane.server.url, ca: plane.pki.ca, ...pair }, { clock: systemClock });
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    plane = await startControlPlane();
    clients = [];
    node = await VolumeNode.make({ client: await clientOf('node-1'), clock: systemClock });
    await plane.client.create(Node, { metadata: { name: 'node-1' } });
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await plane.stop();
    await node.remove();
  });

  const meta = (name: string, namespace = 'default') => ({ metadata: { namespace, name } });

  async function makeClaim(): Promise<void> {
    const { client } = plane;
    const { metadata: { uid } } = await client.create(PersistentVolumeClaim, { ...meta('data'), spec: { accessModes: ['ReadWriteOnce'], volumeName: 'pv-data', storageClassName: '', resources: { requests: { storage: '1Gi' } } } });
    await client.create(PersistentVolume, {
      metadata: { name: 'pv-data' },
      spec: {
        accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' }, claimRef: { namespace: 'default', name: 'data', uid, kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
        csi: { driver: 'folders.test', volumeHandle: 'h', nodeStageSecretRef: { namespace: 'kube-system', name: 'stage' } },
      },
    });
    const conditions = [{ type: 'FileSystemResizePending', status: 'True' }];
    await client.patchStatus(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { status: { phase: 'Bound', capacity: { storage: '1Gi' }, conditions } } });
    await client.create(CSIDriver, { metadata: { name: 'folders.test' }, spec: { attachRequired: true } });
    const attachment = attachmentName('h', 'folders.test', 'node-1');
    await client.create(VolumeAttachment, { metadata: { name: attachment }, spec: { attacher: 'folders.test', nodeName: 'node-1', source: { persistentVolumeName: 'pv-data' } } });
    await client.patchStatus(VolumeAttachment, { name: attachment }, { type: 'merge', document: { status: { attached: true, attachmentMetadata: { lun: '3' } } } });
    await client.patchStatus(Node, { name: 'node-1' }, { type: 'merge', document: { status: { volumesAttached: [{ name: 'kubernetes.io/csi/folders.test^h', devicePath: '' }] } } });
  }

  it('are prepared for a pod of its own: config, secrets, a token, and a claim whose file system grows', async () => {
    await plane.send('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } } });
    await plane.client.create(ConfigMap, { ...meta('conf'), data: { a: '1' } });
    await plane.client.create(ConfigMap, { ...meta('kube-root-ca.crt'), data: { 'ca.crt': plane.pki.ca } });
    await plane.client.create(Secret, { ...meta('cred'), data: { key: 'c2VjcmV0' } });
    await plane.client.create(Secret, { ...meta('stage', 'kube-system'), data: { pass: 'cGFzcw==' } });
    await makeClaim();
    const { spec } = podWith([
      { configMap: { name: 'conf' } }, { secret: { secretName: 'cred' } }, { projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] } },
      { persistentVolumeClaim: { claimName: 'data' } },
    ]);
    const pod = await plane.client.create(Pod, { ...meta('web'), spec });
    const all = await node.volumes.prepare(pod, never);
    const read = (name: string, path: string) => readFile(join(all.get(name)?.hostPath ?? '', path), 'utf8');
    expect([await read('v0', 'a'), await read('v1', 'key')]).to.deep.equal(['1', 'secret']);
    expect((await read('v2', 'token')).split('.')).to.have.length(3);
    const own = pod.spec.volumes?.find(({ name }) => name.startsWith('kube-api-access'))?.name ?? '';
    expect([await read(own, 'ca.crt'), await read(own, 'namespace')]).to.deep.equal([plane.pki.ca, 'default']);
    expect(node.driver.stageRequests[0]).to.deep.include({ publishContext: { lun: '3' }, secrets: { pass: 'pass' } });
    expect(node.driver.calls).to.deep.equal(['stage h', 'publish h', 'expand h']);
    expect(node.events.texts).to.deep.equal(['Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume "pv-data"']);
    const { status } = await plane.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
    expect([status.capacity, status.conditions ?? []]).to.deep.equal([{ storage: '2Gi' }, []]);
  });

  it('are not prepared for a pod of another node', async () => {
    await plane.client.create(Secret, { ...meta('cred'), data: { key: 'c2VjcmV0' } });
    const { spec } = podWith([{ secret: { secretName: 'cred' } }, { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }]);
    const pod = await plane.client.create(Pod, { ...meta('web'), spec: { ...spec, nodeName: 'node-2' } });
    const { message } = await rejection(node.volumes.prepare(pod, never));
    expect(message).to.contain('secrets "cred" is forbidden: User "system:node:node-1" cannot get resource "secrets"');
    expect(message).to.contain('cannot create resource "serviceaccounts/token"');
  });

  it('tell of their drivers', async () => {
    const client = await clientOf('node-1');
    const topology = { 'disks.example.com/zone': 'a' };
    const driver = Object.assign(node.driver, { nodeTopology: async () => ({ nodeId: 'i-1', topology, maxVolumes: 9 }) });
    await new CsiNodeKeeper({ client, clock: systemClock, logger: silentLogger, drivers: [driver] }, { nodeName: 'node-1' }).sync(never);
    expect((await plane.client.get(CSINode, { name: 'node-1' })).spec.drivers).to.deep.equal([{ name: 'folders.test', nodeID: 'i-1', topologyKeys: ['disks.example.com/zone'], allocatable: { count: 9 } }]);
    expect((await plane.client.get(Node, { name: 'node-1' })).metadata.labels).to.include(topology);
    const other = new CsiNodeKeeper({ client, clock: systemClock, logger: silentLogger, drivers: [driver] }, { nodeName: 'node-2' });
    await plane.client.create(Node, { metadata: { name: 'node-2' } });
    expect((await rejection(other.sync(never))).message).to.contain('forbidden');
  });
});
