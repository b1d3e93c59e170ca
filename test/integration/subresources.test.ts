import { expect } from 'chai';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';

const core = '/api/v1/namespaces/default';
const merge = { 'Content-Type': 'application/merge-patch+json' };
const container = { name: 'web', image: 'nginx:1', resources: { limits: { cpu: '1', memory: '1Gi' } } };

describe('what a write to a subresource reaches', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  const make = async (path: string, body: object) => {
    const { code, body: made, text } = await plane.send('POST', path, { body });
    expect(code, text).to.equal(201);
    return made;
  };
  const patch = async (path: string, body: object) => {
    const { code, body: changed, text } = await plane.send('PATCH', path, { body, headers: merge });
    expect(code, text).to.equal(200);
    return changed;
  };
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: '00000000-0000-0000-0000-000000000001' };
  const metadata = { labels: { new: 'yes' }, annotations: { new: 'yes' }, ownerReferences: [owner], finalizers: ['example.com/x'] };

  it('is not the metadata, for what adds containers to a pod or resizes them', async () => {
    await make(`${core}/pods`, { metadata: { name: 'p', labels: { own: 'yes' } }, spec: { containers: [container] } });
    const debugged = await patch(`${core}/pods/p/ephemeralcontainers`, { metadata, spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } });
    expect(debugged.spec.ephemeralContainers[0]).to.include({ imagePullPolicy: 'Always', terminationMessagePolicy: 'File' });
    const resized = await patch(`${core}/pods/p/resize`, { metadata, spec: { containers: [{ ...container, resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '2', memory: '1Gi' } } }] } });
    expect(resized.spec.containers[0].resources.requests).to.deep.equal({ cpu: '2', memory: '1Gi' });
    for (const pod of [debugged, resized]) {
      expect(pod.metadata).to.not.have.any.keys('annotations', 'ownerReferences', 'finalizers');
      expect(pod.metadata.labels).to.deep.equal({ own: 'yes' });
    }
    expect([debugged.metadata.generation, resized.metadata.generation]).to.deep.equal([2, 3]);
    const fields = resized.metadata.managedFields.filter(({ subresource }: { subresource?: string }) => subresource !== undefined).map(({ subresource, fieldsV1 }: { subresource: string; fieldsV1: object }) => [subresource, Object.keys(fieldsV1)]);
    expect(fields).to.deep.equal([['ephemeralcontainers', ['f:spec']], ['resize', ['f:spec']]]);
  });

  it('is the metadata that upstream leaves to a status', async () => {
    const pod = await patch(`${core}/pods/p/status`, { metadata });
    expect(pod.metadata.labels).to.deep.equal({ own: 'yes', new: 'yes' });
    expect(pod.metadata).to.not.have.property('ownerReferences');
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } };
    await make('/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } });
    const deployment = await patch('/apis/apps/v1/namespaces/default/deployments/d/status', { metadata });
    expect(deployment.metadata).to.deep.include({ annotations: { new: 'yes' } }).and.to.not.have.property('labels');
    const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
    await make(attachments, { metadata: { name: 'v' }, spec: { attacher: 'x', nodeName: 'n', source: { persistentVolumeName: 'pv' } } });
    const attachment = await patch(`${attachments}/v/status`, { metadata, status: { attached: true } });
    expect(attachment.status).to.deep.equal({ attached: true });
    expect(attachment.metadata).to.not.have.any.keys('labels', 'annotations', 'ownerReferences', 'finalizers');
  });

  it('has its defaults', async () => {
    await make(`${core}/services`, { metadata: { name: 's' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    const { status } = await patch(`${core}/services/s/status`, { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } });
    expect(status.loadBalancer.ingress).to.deep.equal([{ ip: '192.0.2.1', ipMode: 'VIP' }]);
    await make('/api/v1/nodes', { metadata: { name: 'n' } });
    const node = await patch('/api/v1/nodes/n/status', { status: { capacity: { cpu: '4' } } });
    expect(node.status.allocatable).to.deep.equal({ cpu: '4' });
  });

  it('counts as a change of a PodTemplate only when the template is another', async () => {
    const templates = `${core}/podtemplates`;
    const made = await make(templates, { metadata: { name: 't' }, template: { spec: { containers: [container] } } });
    const labelled = await patch(`${templates}/t`, { metadata: { labels: { a: 'b' } } });
    const changed = await patch(`${templates}/t`, { template: { spec: { nodeName: 'n' } } });
    expect([made, labelled, changed].map((each) => each.metadata.generation)).to.deep.equal([1, 1, 2]);
  });

  it('is the node of a pod, once', async () => {
    await make(`${core}/pods`, { metadata: { name: 'bound' }, spec: { containers: [container] } });
    const bind = (node: string) => plane.send('POST', `${core}/pods/bound/binding`, { body: { target: { kind: 'Node', name: node } } });
    expect((await bind('one')).code).to.equal(201);
    const { body } = await bind('two');
    expect(body).to.include({ code: 409, reason: 'Conflict', message: 'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "one"' });
    expect((await plane.send('GET', `${core}/pods/bound`)).body.spec.nodeName).to.equal('one');
  });
});
