import { expect } from 'chai';
import { KubeConfig, KubernetesObjectApi, PatchStrategy, ApiException, type KubernetesObject } from '@kubernetes/client-node';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';

type Map = KubernetesObject & { data?: Record<string, string> };
const map = (name: string, data: Record<string, string>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data });

/** The JavaScript client that knows no kinds and finds them by discovery. */
describe('@kubernetes/client-node by discovery', () => {
  let plane: ControlPlane;
  let objects: KubernetesObjectApi;
  before(async () => {
    plane = await startControlPlane();
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'keelson', server: plane.server.url, caData: base64(plane.pki.ca), skipTLSVerify: false },
      { name: 'admin', certData: base64(plane.pki.admin.cert), keyData: base64(plane.pki.admin.key) },
    );
    objects = KubernetesObjectApi.makeApiClient(config);
  });
  after(() => plane.stop());

  it('creates, reads, replaces, lists and deletes', async () => {
    const made = await objects.create<Map>(map('any', { a: '1' }));
    const replaced = await objects.replace<Map>({ ...made, ...map('any', { a: '2' }) });
    expect((await objects.read<Map>(map('any', {}))).data).to.deep.equal(replaced.data).and.to.deep.equal({ a: '2' });
    const listed = await objects.list<Map>('v1', 'ConfigMap', 'default', undefined, undefined, undefined, 'metadata.name=any');
    expect(listed.items.map(({ metadata }) => metadata?.name)).to.deep.equal(['any']);
    expect((await objects.delete(map('any', {}))).status).to.equal('Success');
    const gone: unknown = await objects.read(map('any', {})).catch((error: unknown) => error);
    expect(gone).to.be.instanceOf(ApiException).and.to.have.property('code', 404);
  });

  it('patches in every way, and applies for two managers', async () => {
    await objects.create<Map>(map('patched', { a: '1' }));
    const patch = (strategy: PatchStrategy, body: KubernetesObject, manager?: string, force?: boolean) => objects.patch<Map>(body, undefined, undefined, manager, force, strategy);
    expect((await patch(PatchStrategy.MergePatch, map('patched', { b: '2' }))).data).to.deep.equal({ a: '1', b: '2' });
    expect((await patch(PatchStrategy.StrategicMergePatch, map('patched', { c: '3' }))).data).to.deep.equal({ a: '1', b: '2', c: '3' });
    expect((await patch(PatchStrategy.ServerSideApply, map('patched', { d: '4' }), 'one')).data).to.have.property('d', '4');
    const conflict: unknown = await patch(PatchStrategy.ServerSideApply, map('patched', { d: '5' }), 'two').catch((error: unknown) => error);
    expect(conflict).to.be.instanceOf(ApiException).and.to.have.property('code', 409);
    expect((await patch(PatchStrategy.ServerSideApply, map('patched', { d: '5' }), 'two', true)).data).to.have.property('d', '5');
    // What its manager no longer applies goes, unless another one has it.
    expect((await patch(PatchStrategy.ServerSideApply, map('patched', {}), 'two')).data).to.deep.equal({ a: '1', b: '2', c: '3' });
  });
});
