import { expect } from 'chai';
import { LazyFields } from './containers.ts';
import { escapeName } from './escape.ts';
import { toJson } from './json.ts';
import { CelError, CelProgram, compile, environment } from './program.ts';
import { celTypeOfStruct } from './struct-type.ts';
import * as t from './types.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';

const schema = t.objectOf('self', {
  count: t.int, share: t.uint, spans: t.listOf(t.objectOf('span', { span: t.duration, day: t.date })), ratio: t.double, when: t.timestamp, day: t.date, span: t.duration, blob: t.bytesOf(), port: t.intOrString(), free: t.dyn,
  set: t.listOf(t.string, { merge: 'set' }), ports: t.listOf(t.objectOf('port', { name: t.string, port: t.int, 'a-b': t.string }), { merge: ['name', 'port'] }),
  numbers: t.listOf(t.double), labels: t.mapOf(t.string), times: t.mapOf(t.timestamp), nothing: t.stringOf(),
  'foo.bar': t.string, 'x-y/z': t.string, namespace: t.string, __double__: t.string, '!': t.string, toString: t.string, inner: t.objectOf('inner', { ratio: t.double, text: t.string }),
});

const self = {
  count: 3, share: 0, spans: [{ span: '1m', day: '2020-01-01' }], ratio: 2, when: '2024-05-06T07:08:09.5Z', day: '2024-05-06', span: '90m', blob: 'AQID', port: '80%', free: { a: [1, 2.5], n: null },
  set: ['a', 'b'], ports: [{ name: 'x', port: 1, 'a-b': 'c' }, { name: 'y', port: 2 }], numbers: [1, 2.5], labels: { 'a/b': 'c' }, times: { t: '2024-05-06T07:08:09Z' },
  nothing: null, 'foo.bar': 'dot', 'x-y/z': 'mixed', namespace: 'ns', __double__: 'under', inner: { ratio: 1, text: 'in' }, undeclared: 1,
};

const env = environment({ variables: { self: schema, oldSelf: t.optionalOf(schema), object: t.dyn, variables: t.objectOf('variables', { a: t.int, b: t.int, c: t.int }) } });

function evaluate(source: string, activation: Record<string, unknown> = { self }): unknown {
  const program = compile(env, source);
  if (!(program instanceof CelProgram)) return `compile: ${program.errors[0]?.message ?? ''}`;
  try {
    return toJson(program.evaluate(activation).value);
  } catch (error) {
    if (error instanceof CelError) return `error: ${error.message}`;
    throw error;
  }
}

describe('CEL: data', () => {
  it('is what its declared type says', () => {
    const holds = [
      'self.count + 1 == 4', 'self.share == 0u', 'type(self.share) == uint', 'self.ratio / 4.0 == 0.5', 'type(self.ratio) == double', 'self.when.getHours() == 7', 'self.when > timestamp("2024-01-01T00:00:00Z")',
      'self.day == timestamp("2024-05-06T00:00:00Z")', 'self.spans.all(s, s.span > duration("1s") && s.day < self.when)', 'self.span == duration("1h30m")', 'self.blob == b"\\x01\\x02\\x03"', 'size(self.blob) == 3', 'type(self.port) == string',
      'self.free.a[1] == 2.5', 'self.free.a[0] == 1', 'type(self.free.a[0]) == int', 'self.free.n == null', 'has(self.free.n)', 'self.numbers.all(n, type(n) == double)',
      'self.numbers.sum() == 3.5', 'self.numbers[0] == 1.0', 'self.labels["a/b"] == "c"', 'self.times.t.getMinutes() == 8', 'self.times.all(k, self.times[k].getSeconds() == 9)',
      'self.inner.ratio == 1.0', 'self.inner == self.inner', 'dyn(self).inner.text == "in"', 'size(self.numbers + [3.0]) == 3', 'self.numbers.map(n, n * 2.0) == [2.0, 5.0]',
    ];
    for (const source of holds) expect(evaluate(source), source).to.equal(true);
  });

  it('has fields that are there or not; null is not there, except in maps and lists', () => {
    expect(evaluate('has(self.count) && !has(self.nothing)')).to.equal(true);
    expect(evaluate('self.nothing')).to.equal('error: no such key: nothing');
    expect(evaluate('has(self.toString)')).to.equal(false);
    expect(evaluate('self.toString')).to.equal('error: no such key: toString');
    expect(evaluate('self.?nothing.orValue("none")')).to.equal('none');
    expect(evaluate('dyn(self.labels)[1]', { self: { labels: { 1: 'one' } } })).to.equal('error: no such key: 1');
    expect(evaluate('1 in dyn(self.labels)', { self: { labels: { 1: 'one' } } })).to.equal(false);
    expect(evaluate('self.missing')).to.equal("compile: undefined field 'missing'");
    expect(evaluate('object.l[0] == null && "a" in object.m && object.m.a == null', { object: { l: [null], m: { a: null } } })).to.equal(true);
  });

  it('is spelled as identifiers allow', () => {
    expect(evaluate('[self.foo__dot__bar, self.x__dash__y__slash__z, self.__namespace__, self.namespace, self.__underscores__double__underscores__, self.ports[0].a__dash__b]'))
      .to.deep.equal(['dot', 'mixed', 'ns', 'ns', 'under', 'c']);
    expect([escapeName('a.b'), escapeName('in'), escapeName('var'), escapeName('a__b'), escapeName('9a'), escapeName('!'), escapeName('')])
      .to.deep.equal(['a__dot__b', '__in__', '__var__', 'a__underscores__b', undefined, undefined, undefined]);
  });

  it('knows sets and maps among its lists', () => {
    const holds = [
      'self.set == ["b", "a"]', '["b", "a"] == self.set', 'self.set != ["a", "c"]', 'self.set + ["b", "c"] == ["a", "b", "c"]', '(self.set + ["b", "c"])[2] == "c"',
      'self.ports == [self.ports[1], self.ports[0]]', 'self.ports + self.ports == self.ports', 'self.numbers != [2.5, 1.0]',
    ];
    for (const source of holds) expect(evaluate(source), source).to.equal(true);
    const ports = [{ name: 'x', port: 1, 'a-b': 'new' }, { name: 'z', port: 3 }];
    expect(evaluate('self.ports + oldSelf.value().ports', { self, oldSelf: { ports } })).to.deep.equal([ports[0], self.ports[1], ports[1]]);
  });

  it('can be missing as a whole', () => {
    expect(evaluate('oldSelf.hasValue()')).to.equal(false);
    expect(evaluate('oldSelf.hasValue() && oldSelf.value().count == 3', { self, oldSelf: self })).to.equal(true);
    expect(evaluate('oldSelf.?count.orValue(7)')).to.equal(7);
    expect(evaluate('object.x')).to.equal('error: no such attribute(s): object');
  });

  it('says what is wrong with it, where it is used', () => {
    const broken = { when: 'yesterday', day: '2024-13-01', span: 'long', blob: '***', count: 'three' };
    expect(evaluate('self.when < self.day', { self: broken })).to.equal('error: Invalid date-time formatted string yesterday');
    expect(evaluate('self.day', { self: broken })).to.equal('error: Invalid date formatted string 2024-13-01');
    expect(evaluate('self.span', { self: broken })).to.equal('error: Invalid duration long');
    expect(evaluate('self.blob', { self: broken })).to.equal('error: Invalid byte formatted string ***');
    expect(evaluate('self.count + 1', { self: broken })).to.equal('error: no such overload');
    expect(evaluate('self.inner.text', { self: { inner: 'text' } })).to.equal('error: no such overload');
    expect(evaluate('self.set.all(s, s == "a")', { self: { set: 5 } })).to.equal("error: got 'int', expected iterable type");
    expect(evaluate('self.span == duration("72h")', { self: { span: '3 days' } })).to.equal(true);
  });

  it('can be worked out when it is asked for, once', () => {
    const asked: string[] = [];
    const compiled = compile(env, 'self.count');
    if (!(compiled instanceof CelProgram)) throw new Error('it does not compile');
    const variables = new LazyFields((name) => {
      asked.push(name);
      if (name === 'c') throw new Error('c cannot be told');
      return name === 'a' ? 1 : undefined;
    });
    expect(evaluate('variables.a + variables.a + (has(variables.b) ? 1 : 2)', { variables })).to.equal(4);
    expect(asked).to.deep.equal(['a', 'b']);
    expect(evaluate('variables.c == 1 || true', { variables })).to.equal(true);
    expect(evaluate('variables.c', { variables })).to.equal('error: c cannot be told');
    const nothing = new LazyFields(() => null);
    expect(evaluate('dyn(variables.a) == null && has(variables.a)', { variables: nothing })).to.equal(true);
    const exhausting = new LazyFields(() => compiled.evaluate({ self }, { budget: 0 }).value);
    expect(evaluate('variables.a == 1 || true', { variables: exhausting })).to.equal('error: operation cancelled: actual cost limit exceeded');
  });

  it('is not changed, and results can be handed on', () => {
    const before = JSON.stringify(self);
    const program = compile(env, 'self.numbers.filter(n, n > 1.0)');
    if (!(program instanceof CelProgram)) throw new Error('it does not compile');
    const { value } = program.evaluate({ self });
    expect(evaluate('object.size() == 1 && object[0] == 2.5', { object: value })).to.equal(true);
    expect(JSON.stringify(self)).to.equal(before);
  });

  it('becomes JSON again', () => {
    expect(evaluate('[dyn(1u), 1.5, b"a", duration("1s"), timestamp(0), optional.of(1), optional.none(), int, 9007199254740993, 0.0 / 0.0, {1: quantity("1k")}].map(x, dyn(x))'))
      .to.equal("compile: expected type 'dyn' but found 'double'");
    expect(evaluate('{"u": dyn(1u), "d": dyn(1.5), "b": dyn(b"a"), "s": dyn(duration("1s")), "t": dyn(timestamp(0)), "o": dyn(optional.of(1)), "n": dyn(optional.none())}'))
      .to.deep.equal({ u: 1, d: 1.5, b: 'YQ==', s: '1s', t: '1970-01-01T00:00:00Z', o: 1, n: null });
    expect(evaluate('{"t": dyn(int), "i": dyn(9007199254740993), "f": dyn(0.0 / 0.0), "q": dyn(quantity("1500m"))}')).to.deep.equal({ t: 'int', i: '9007199254740993', f: 'NaN', q: '1500m' });
  });

  it('has types for the built-in kinds', () => {
    const claim = celTypeOfStruct(PersistentVolumeClaim.struct);
    const checked = (source: string): unknown => {
      const program = compile(environment({ variables: { object: claim } }), source);
      return program instanceof CelProgram ? program.type.kind : program.errors[0]?.message;
    };
    expect(checked('object.spec.resources.requests["storage"]')).to.equal('string');
    expect(checked('object.metadata.creationTimestamp')).to.equal('timestamp');
    expect(checked('object.metadata.labels.all(k, k != "")')).to.equal('bool');
    expect(checked('object.spec.accessModes')).to.equal('list');
    const conditions = [{ type: 'A', status: 'True' }, { type: 'B', status: 'True' }];
    const sameConditions = compile(environment({ variables: { object: claim, oldObject: claim } }), 'object.status.conditions == oldObject.status.conditions');
    expect(sameConditions instanceof CelProgram && sameConditions.evaluate({ object: { status: { conditions } }, oldObject: { status: { conditions: conditions.toReversed() } } }).value).to.equal(true);
    expect(checked('object.spec.replicas > 1')).to.equal("undefined field 'replicas'");
    expect(checked('object.spec.storageClassName + 1')).to.equal("found no matching overload for '_+_' applied to '(string, int)'");
  });
});
