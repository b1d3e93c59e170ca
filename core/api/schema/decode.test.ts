import { expect } from 'chai';
import { parseJson } from '#core/api/json.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepFreeze } from '#core/api/value.ts';
import { PersistentVolumeClaim } from './core-v1/persistent-volume-claim.ts';
import { Pod } from './core-v1/pod.ts';
import { decode, decodingWarnings, strictDecodingError } from './decode.ts';
import { DeleteOptions } from './meta.ts';
import { StorageClass } from './storage-v1.ts';
import {
  always, bool, bytes, double, duration, inline, int32, int64, intOrString, list, map, microTime, oneOf, pointer, quantity, raw, required,
  string, struct, time, withDefault, type Struct,
} from './type.ts';

const kind = { group: '', version: 'v1', kind: 'Thing' };
const read = <T>(of: Struct<T>, json: unknown): T => decode(of, json, { kind }).value;

function problem(of: Struct, json: unknown): string {
  try {
    decode(of, json, { kind });
  } catch (error) {
    if (StatusError.is(error, 'BadRequest')) return error.message;
    throw error;
  }
  return 'no error';
}

const Part = struct('io.test.v1.Part', '', {
  name: [1, required(string), ''],
  size: [2, int32, ''],
  mode: [3, withDefault(oneOf('fast', 'slow'), 'fast'), ''],
});
const Common = struct('io.test.v1.Common', '', { note: [1, string, ''] });
const Spec = struct('io.test.v1.ThingSpec', '', {
  parts: [1, list(Part), ''],
  byName: [2, map(Part), ''],
  labels: [3, map(string), ''],
  count: [4, int64, ''],
  ratio: [5, double, ''],
  on: [6, bool, ''],
  secret: [7, bytes, ''],
  size: [8, quantity, ''],
  at: [9, time, ''],
  exactly: [10, microTime, ''],
  every: [11, duration, ''],
  port: [12, intOrString, ''],
  anything: [13, raw, ''],
  mode: [14, oneOf('fast', 'slow'), ''],
  className: [15, pointer(string), ''],
  limit: [40, pointer(int64), ''],
  common: [16, inline(Common), ''],
  constructor: [17, string, ''],
});
const Thing = struct('io.test.v1.Thing', '', { spec: [1, always(Spec), ''], info: [2, Common, ''] });

const spec = (json: unknown): unknown => read(Thing, { spec: json }).spec;

describe('decode', () => {
  it('gives a fresh value in the table\'s order', () => {
    const json = deepFreeze({ info: { note: 'n' }, spec: { labels: { b: '1', a: '2' }, parts: [{ size: 1, name: 'x' }], anything: { deep: [{ a: null }] } } });
    const value = read(Thing, json);
    expect(JSON.stringify(value)).to.equal(
      '{"spec":{"parts":[{"name":"x","size":1,"mode":"fast"}],"labels":{"b":"1","a":"2"},"anything":{"deep":[{"a":null}]}},"info":{"note":"n"}}');
    expect(value.spec.labels).not.to.equal(json.spec.labels);
    expect(value.spec.anything).not.to.equal(json.spec.anything);
  });

  it('drops unknown fields and names them, in the order of the document', () => {
    const { value, unknown } = decode(Thing, { spec: { foo: 1, parts: [{ name: 'x', Name: 'y' }], byName: { p: { bar: 2 } }, gone: null }, other: {} }, { kind });
    expect(unknown).to.deep.equal(['spec.foo', 'spec.parts[0].Name', 'spec.byName.p.bar', 'spec.gone', 'other']);
    expect(value).to.deep.equal({ spec: { parts: [{ name: 'x', mode: 'fast' }], byName: { p: { name: '', mode: 'fast' } } } });
  });

  it('names at most 100 unknown fields, and no more of each than fits a header', () => {
    const { unknown } = decode(Common, Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${'x'.repeat(5000)}${i}`, 1])), { kind });
    expect(unknown).to.have.length(100);
    expect(unknown[0]).to.have.length(257);
  });

  it('takes null for absent, and undefined for not there', () => {
    const { value, unknown } = decode(Thing, { spec: { count: null, at: null, parts: null, foo: undefined }, info: null }, { kind });
    expect(value).to.deep.equal({ spec: {} });
    expect(unknown).to.deep.equal([]);
  });

  it('takes null in a list or a map for the zero value', () => {
    expect(spec({ parts: [null], labels: { a: null }, byName: { x: null } })).to.deep.equal({
      parts: [{ name: '', mode: 'fast' }], labels: { a: '' }, byName: { x: { name: '', mode: 'fast' } },
    });
  });

  it('drops what is optional and empty, except behind pointers', () => {
    expect(spec({ parts: [], labels: {}, className: '', limit: 0, count: 0, on: false, mode: '', note: '', port: 0, size: '0' }))
      .to.deep.equal({ className: '', limit: 0, port: 0, size: '0' });
    expect(read(struct('io.test.v1.R', '', { items: [1, required(list(string)), ''], names: [2, required(map(string)), ''] }), { items: [], names: {} }))
      .to.deep.equal({ items: [], names: {} });
    expect(read(PersistentVolumeClaim.struct, { metadata: { name: 'c', namespace: '', resourceVersion: '' }, spec: { storageClassName: '' } }))
      .to.deep.include({ metadata: { name: 'c' } }).and.to.have.nested.property('spec.storageClassName', '');
  });

  it('fills in what is required, always there or has a default, each time anew', () => {
    const Full = struct('io.test.v1.Full', '', {
      name: [1, required(string), ''], count: [2, required(int32), ''], items: [3, required(list(string)), ''], when: [4, required(time), ''],
      part: [5, required(Part), ''], size: [6, required(quantity), ''], names: [7, withDefault(list(string), ['a']), ''], on: [8, withDefault(pointer(bool), true), ''], times: [9, withDefault(int32, 3), ''],
    });
    expect(read(Full, {})).to.deep.equal({ name: '', count: 0, items: [], part: { name: '', mode: 'fast' }, size: '0', names: ['a'], on: true, times: 3 });
    expect(read(Full, { on: false, names: [], times: 0 })).to.include({ on: false, times: 3 });
    read(Full, {}).names?.push('b');
    expect(read(Full, {}).names).to.deep.equal(['a']);
    expect(read(StorageClass.struct, { provisioner: 'p', volumeBindingMode: '' })).to.include({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  });

  it('flattens inlined structs and takes names of the prototype for ordinary ones', () => {
    expect(spec({ note: 'n' })).to.deep.equal({ note: 'n' });
    expect(Object.keys(spec({}) as object)).to.deep.equal([]);
    expect(JSON.stringify(spec({ constructor: 'x' }))).to.equal('{"constructor":"x"}');
    const { value } = decode(Thing, JSON.parse('{"spec":{"labels":{"__proto__":"x"},"anything":{"__proto__":{"a":1}}},"__proto__":{"info":{}}}'), { kind });
    expect(JSON.stringify(value)).to.equal('{"spec":{"labels":{"__proto__":"x"},"anything":{"__proto__":{"a":1}}}}');
  });

  it('writes quantities, times and bytes in canonical form', () => {
    expect(spec({ size: '1024Mi', at: '2024-02-29T01:30:00.9+02:00', exactly: '2024-02-29T01:30:00.1234567Z', secret: 'aGk=\n', every: '1h30m' }))
      .to.deep.equal({ size: '1Gi', at: '2024-02-28T23:30:00Z', exactly: '2024-02-29T01:30:00.123456Z', secret: 'aGk=', every: '1h30m' });
    expect(spec({ size: 0.5, exactly: '2024-02-29T01:30:00Z', secret: 'aGl=', port: 'http' })).to.deep.equal({ size: '500m', exactly: '2024-02-29T01:30:00.000000Z', secret: 'aGk=', port: 'http' });
    expect(spec({ size: '9999999999999999999999Gi' })).to.deep.equal({ size: '9223372036854775807' });
  });

  it('refuses texts of the wrong form, naming field and value', () => {
    const wrong = (json: object): string => problem(Thing, { spec: json });
    expect(wrong({ size: '1 GB' })).to.equal('Thing in version "v1" cannot be handled as a Thing: spec.size: quantities must match the regular expression '
      + '\'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\', not "1 GB"');
    for (const at of ['', 'now', '2024-02-30T00:00:00Z', '2024-13-01T00:00:00Z', '2024-01-01T24:00:00Z', '2024-01-01T00:00:60Z', '2024-01-01 00:00:00Z',
      '2024-01-01T00:00:00', '2024-01-01T00:00:00+24:00', '9999-12-31T23:59:59-01:00', '0000-01-01T00:00:00+01:00', '2023-02-29T00:00:00Z']) {
      expect(wrong({ at }), at).to.contain(`spec.at: parsing time ${JSON.stringify(at)}`);
    }
    for (const secret of ['a', 'a===', 'aGk', 'aGk=x', 'a-_=', 'äöü=', '====']) expect(wrong({ secret }), secret).to.contain('spec.secret: illegal base64 data at input byte');
    for (const every of ['1', '1d', '', 'h', '1h ']) expect(wrong({ every }), every).to.contain('spec.every: time: invalid duration');
  });

  it('words type errors as Go does', () => {
    expect(problem(PersistentVolumeClaim.struct, { spec: { accessModes: 'ReadWriteOnce' } }))
      .to.equal('Thing in version "v1" cannot be handled as a Thing: json: cannot unmarshal string into Go struct field PersistentVolumeClaimSpec.spec.accessModes of type []string');
    const cases: [object, string][] = [
      [{ parts: {} }, 'cannot unmarshal object into Go struct field ThingSpec.spec.parts of type []v1.Part'],
      [{ parts: ['x'] }, 'cannot unmarshal string into Go struct field ThingSpec.spec.parts of type v1.Part'],
      [{ parts: [{ name: 5 }] }, 'cannot unmarshal number into Go struct field Part.spec.parts.name of type string'],
      [{ parts: [{ mode: 5 }] }, 'cannot unmarshal number into Go struct field Part.spec.parts.mode of type string'],
      [{ labels: [] }, 'cannot unmarshal array into Go struct field ThingSpec.spec.labels of type map[string]string'],
      [{ labels: { a: 1 } }, 'cannot unmarshal number into Go struct field ThingSpec.spec.labels of type string'],
      [{ labels: { a: { b: 'c' } } }, 'cannot unmarshal object into Go struct field ThingSpec.spec.labels of type string'],
      [{ byName: { a: { name: true } } }, 'cannot unmarshal bool into Go struct field Part.spec.byName.name of type string'],
      [{ parts: [{ name: 'x' }], on: 'true' }, 'cannot unmarshal string into Go struct field ThingSpec.spec.on of type bool'],
      [{ count: '1' }, 'cannot unmarshal string into Go struct field ThingSpec.spec.count of type int64'],
      [{ count: 1.5 }, 'cannot unmarshal number 1.5 into Go struct field ThingSpec.spec.count of type int64: the number must be whole'],
      [{ count: 2 ** 53 }, 'cannot unmarshal number 9007199254740992 into Go struct field ThingSpec.spec.count of type int64: the number must lie between'],
      [{ parts: [{ size: 2 ** 31 }] }, 'cannot unmarshal number 2147483648 into Go struct field Part.spec.parts.size of type int32: the number must lie between -2147483648 and 2147483647'],
      [{ port: 1.5 }, 'of type intstr.IntOrString'], [{ size: true }, 'of type resource.Quantity'], [{ at: 5 }, 'of type v1.Time'], [{ ratio: '1' }, 'of type float64'],
    ];
    for (const [json, text] of cases) expect(problem(Thing, { spec: json }), JSON.stringify(json)).to.contain(text);
    expect(problem(Thing, [])).to.contain('json: cannot unmarshal array into Go value of type v1.Thing');
    expect(problem(Thing, 'x')).to.contain('json: cannot unmarshal string into Go value of type v1.Thing');
    expect(problem(Thing, null)).to.contain('json: cannot unmarshal null into Go value of type v1.Thing');
  });

  it('refuses a raw value that nests too deep', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 1001; i++) deep = [deep];
    expect(problem(Thing, { spec: { anything: deep } })).to.contain('nests deeper than 1000 levels');
  });

  it('reads a struct that contains itself', () => {
    const fields = new Map<string, never>();
    const Tree = { ...struct('io.test.v1.Tree', '', { name: [1, string, ''] }), fields } as Struct;
    fields.set('children', { name: 'children', type: list(Tree), doc: '', required: false, always: false, default: undefined } as never);
    const { value, unknown } = decode(Tree, { children: [{ children: [{ x: 1 }] }] }, { kind });
    expect(value).to.deep.equal({ children: [{ children: [{}] }] });
    expect(unknown).to.deep.equal(['children[0].children[0].x']);
    expect(problem(Tree, parseJson(`${'{"children":['.repeat(499)}${']}'.repeat(499)}`).value)).to.equal('no error');
    let tree: object = {};
    for (let i = 0; i < 2000; i++) tree = { children: [tree] };
    expect(problem(Tree, tree)).to.contain('nests deeper than 1000 levels');
  });

  it('reads a pod, and reads what it gave as the same again', () => {
    const json = {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', creationTimestamp: null, labels: { app: 'a' } },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: 0.1, memory: '1024Ki' } }, ports: [{ containerPort: 80 }] }], volumes: [{ name: 'v', emptyDir: {} }] },
    };
    const { value, unknown } = decode(Pod.struct, json, { kind: Pod });
    expect(unknown).to.deep.equal([]);
    expect(value).to.have.nested.property('spec.containers[0].resources.requests').that.deep.equals({ cpu: '100m', memory: '1Mi' });
    expect(value).to.have.nested.property('spec.volumes[0].emptyDir').that.deep.equals({});
    expect(JSON.stringify(decode(Pod.struct, value, { kind: Pod }).value)).to.equal(JSON.stringify(value));
    expect(read(DeleteOptions, { gracePeriodSeconds: 0, preconditions: { uid: 'u' } })).to.deep.equal({ gracePeriodSeconds: 0, preconditions: { uid: 'u' } });
  });
});

describe('strict decoding', () => {
  it('refuses unknown and duplicate fields in upstream\'s words', () => {
    const error = strictDecodingError(PersistentVolumeClaim, ['spec.foo'], ['spec.bar']);
    expect(error?.message).to.equal('PersistentVolumeClaim in version "v1" cannot be handled as a PersistentVolumeClaim: '
      + 'strict decoding error: unknown field "spec.foo", duplicate field "spec.bar"');
    expect(error?.code).to.equal(400);
    expect(strictDecodingError(PersistentVolumeClaim, [], [])).to.equal(undefined);
  });

  it('or only warns', () => {
    expect(decodingWarnings(['spec.foo'], ['spec.x'])).to.deep.equal(['unknown field "spec.foo"', 'duplicate field "spec.x"']);
  });
});
