import { expect } from 'chai';
import type { AdmissionPlugin } from '#core/admission/admission.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { SharedView } from '#test/fixtures/shared-view.ts';
import { MemoryStore } from '#plugins/store/memory/memory-store.ts';

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = '/apis/example.com/v1/namespaces/default/widgets';
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const widget = (name: string) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, finalizers: ['example.com/mine'] } });
const served = (plane: ControlPlane): boolean => plane.api.resources.find('example.com', 'v1', 'widgets') !== undefined;
const stored = (plane: ControlPlane, group: string, plural: string): number => plane.api.objects.cache({ group, plural }).size;

/** Holds creations up between admission and the store, as a slow webhook does. */
class Holdup implements AdmissionPlugin {
  readonly name = 'Holdup';
  reached = Promise.withResolvers<void>();
  go = Promise.withResolvers<void>();

  async validate({ object }: Parameters<NonNullable<AdmissionPlugin['validate']>>[0]): Promise<void> {
    if (object?.metadata.name !== 'late') return;
    this.reached.resolve();
    await this.go.promise;
  }
}

describe('an object that is created while what it is part of ends', () => {
  const holdup = new Holdup();
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ admission: [holdup] });
  });
  beforeEach(() => {
    holdup.reached = Promise.withResolvers();
    holdup.go = Promise.withResolvers();
  });
  after(() => plane.stop());

  it('does not outlive its definition', async () => {
    await plane.send('POST', crds, { body: definition });
    await eventually(() => served(plane), 'the widgets');
    const late = plane.send('POST', widgets, { body: widget('late') });
    await holdup.reached.promise;
    await plane.send('DELETE', `${crds}/widgets.example.com`);
    await eventually(() => !served(plane), 'the end of the widgets');
    holdup.go.resolve();
    const { code, body } = await late;
    expect([code, body.message]).to.deep.equal([405, 'create not allowed while custom resource definition is terminating']);
    expect(stored(plane, 'example.com', 'widgets')).to.equal(0);
  });

  it('does not outlive a definition that was made anew', async () => {
    await plane.send('POST', crds, { body: definition });
    await eventually(() => served(plane), 'the widgets');
    const late = plane.send('POST', widgets, { body: widget('late') });
    await holdup.reached.promise;
    await plane.send('DELETE', `${crds}/widgets.example.com`);
    await eventually(() => !served(plane), 'the end of the widgets');
    await plane.send('POST', crds, { body: definition });
    await eventually(() => served(plane), 'the new widgets');
    holdup.go.resolve();
    expect((await late).code).to.equal(405);
    expect(stored(plane, 'example.com', 'widgets')).to.equal(0);
    expect((await plane.send('POST', widgets, { body: { ...widget('next'), metadata: { name: 'next' } } })).code).to.equal(201);
  });

  it('does not outlive its namespace', async () => {
    await plane.send('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } } });
    const late = plane.send('POST', '/api/v1/namespaces/gone/configmaps', { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } } });
    await holdup.reached.promise;
    const { body } = await plane.send('DELETE', '/api/v1/namespaces/gone');
    expect((await plane.send('PUT', '/api/v1/namespaces/gone/finalize', { body: { ...body, spec: { finalizers: [] } } })).code).to.equal(200);
    holdup.go.resolve();
    expect((await late).code).to.equal(404);
    expect(stored(plane, '', 'configmaps')).to.equal(0);
  });
});

describe('an object that is created on a server that has not heard of the end of what it is part of', () => {
  const planes: ControlPlane[] = [];
  const views: SharedView[] = [];
  before(async () => {
    const store = new MemoryStore();
    for (const seed of [1, 2]) {
      const kv = new SharedView(store, seededRandom(seed));
      views.push(kv);
      planes.push(await startControlPlane({ kv }));
    }
  });
  after(async () => {
    for (const plane of planes) await plane.stop();
  });

  it('is removed again', async () => {
    const [one, two] = planes;
    if (one === undefined || two === undefined) throw new Error('there are two servers');
    await one.send('POST', crds, { body: definition });
    await eventually(() => served(one), 'the widgets');
    await two.api.objects.catchUp();
    expect(served(two)).to.equal(true);
    // Its other writes would tell it.
    const others = Promise.withResolvers<void>();
    for (const view of views.slice(1)) view.gate = ({ key }) => (key.includes('/widgets.example.com/') ? undefined : others.promise);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    await one.send('DELETE', `${crds}/widgets.example.com`);
    await eventually(() => !served(one), 'the end of the widgets');
    expect(served(two), 'nobody told it').to.equal(true);
    const { code, text } = await two.send('POST', widgets, { body: widget('late') });
    expect(code, text).to.equal(405);
    others.resolve();
    await one.api.objects.catchUp();
    expect([stored(one, 'example.com', 'widgets'), stored(two, 'example.com', 'widgets')]).to.deep.equal([0, 0]);
  });
});
