import { expect } from 'chai';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { normalize } from '#core/api/structural/normalize.ts';
import { structureOf } from '#core/api/structural/structure.ts';
import { toStruct } from '#core/api/structural/to-struct.ts';
import type { Struct } from '#core/api/schema/type.ts';
import { resource } from '#core/registry/resource.ts';
import { builtInResources } from '#core/registry/resources.ts';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';

const text = { type: 'string' };
const schema: JSONSchemaProps = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer', default: 3 },
        rules: {
          type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: { type: 'object', required: ['port'], properties: { port: { type: 'integer' }, protocol: { ...text, default: 'TCP' }, note: text } },
        },
        names: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
        steps: { type: 'array', items: text },
        origin: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { host: text, path: text } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' } } },
  },
};

const widgets = resource({
  kind: {
    group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets', singular: 'widget', namespaced: true,
    struct: toStruct('com.example.v1.Widget', schema, true) as unknown as Struct<KubernetesObject>,
  },
  hasStatus: true, tracksGeneration: true, allowsUnconditionalUpdate: false, columns: [],
  codec: { decode: (value) => normalize(value, structureOf(schema, true)) },
});

describe('server-side apply of custom resources', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ resources: [...builtInResources, widgets] });
  });
  after(() => plane.stop());

  const path = (name: string): string => `/apis/example.com/v1/namespaces/default/widgets/${name}`;
  const widget = (name: string, spec: object, rest: object = {}) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec, ...rest });
  const apply = (name: string, spec: object, manager: string, query = ''): Promise<Answer> =>
    plane.send('PATCH', `${path(name)}?fieldManager=${manager}${query}`, { body: widget(name, spec), headers: { 'Content-Type': 'application/apply-patch+yaml' } });
  const owned = ({ body }: Answer, wanted: string): unknown =>
    body.metadata.managedFields.find(({ manager }: { manager: string }) => manager === wanted)?.fieldsV1['f:spec'];

  it('merges lists and maps as their schema says', async () => {
    const made = await apply('merged', {
      rules: [{ port: 80, note: 'web' }, { port: 53, protocol: 'UDP' }], names: ['a', 'b'], steps: ['x'], origin: { host: 'h' }, free: { a: { b: 1 }, c: [1] },
    }, 'one');
    expect([made.code, made.body.spec.size, made.body.spec.rules[0].protocol], made.text).to.deep.equal([201, 3, 'TCP']);
    expect(owned(made, 'one')).to.deep.equal({
      'f:free': { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': {} }, 'f:names': { 'v:"a"': {}, 'v:"b"': {} }, 'f:origin': {},
      'f:rules': {
        'k:{"port":53,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} },
        'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:note': {}, 'f:port': {} },
      }, 'f:steps': {},
    });
    const other = await apply('merged', { rules: [{ port: 443 }, { port: 80 }], names: ['c', 'a'], free: { d: 0 } }, 'two');
    expect(other.body.spec, other.text).to.deep.equal({
      size: 3, rules: [{ port: 443, protocol: 'TCP' }, { port: 80, protocol: 'TCP', note: 'web' }, { port: 53, protocol: 'UDP' }],
      names: ['c', 'a', 'b'], steps: ['x'], origin: { host: 'h' }, free: { a: { b: 1 }, c: [1], d: 0 },
    });
    const left = await apply('merged', { steps: ['x'] }, 'one');
    expect(left.body.spec, left.text).to.deep.equal({
      size: 3, rules: [{ port: 443, protocol: 'TCP' }, { port: 80, protocol: 'TCP' }], names: ['c', 'a'], steps: ['x'], free: { d: 0 },
    });
  });

  it('takes an atomic map as one value', async () => {
    await apply('atomic', { origin: { host: 'h', path: '/' } }, 'one');
    const refused = await apply('atomic', { origin: { host: 'h' } }, 'two');
    expect(refused.body.message).to.equal('Apply failed with 1 conflict: conflict with "one": .spec.origin');
    const forced = await apply('atomic', { origin: { host: 'h' } }, 'two', '&force=true');
    expect([forced.body.spec.origin, owned(forced, 'one')]).to.deep.equal([{ host: 'h' }, undefined]);
  });

  it('gives defaults to who creates, and to none who applies', async () => {
    const made = await plane.send('POST', '/apis/example.com/v1/namespaces/default/widgets?fieldManager=maker', { body: widget('default', { names: ['a'] }) });
    expect(owned(made, 'maker'), made.text).to.deep.equal({ '.': {}, 'f:names': { '.': {}, 'v:"a"': {} }, 'f:size': {} });
    const applied = await apply('default', { names: ['a'] }, 'one');
    expect(applied.body.spec).to.deep.equal({ names: ['a'], size: 3 });
  });

  it('refuses what does not fit the schema', async () => {
    const answer = await apply('misfit', { rules: { port: 80 } }, 'one');
    expect([answer.code, answer.body.reason]).to.deep.equal([400, 'BadRequest']);
    expect((await apply('misfit', { rules: [{ note: 'no key' }] }, 'one')).body.message).to.include('.spec.rules');
  });
});
