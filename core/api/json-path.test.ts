import { expect } from 'chai';
import { JsonPath } from './json-path.ts';

const object = {
  spec: { replicas: 3, name: 'n', ports: [{ name: 'a', port: 1 }, { name: 'b', port: 2 }, { name: 'c', port: 3 }] },
  metadata: { annotations: { 'a.b/c': 'dotted', "it's": 'quoted' } },
  status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'Other', status: 'False' }] },
};

describe('JsonPath', () => {
  const cases: readonly (readonly [string, ...unknown[]])[] = [
    ['.spec.replicas', 3], ['$.spec.name', 'n'], ['.', object], ['.spec.missing'], ['.spec.replicas.deeper'],
    ['.spec.ports[0].name', 'a'], ['.spec.ports[-1].name', 'c'], ['.spec.ports[3].name'], ['.spec.ports[*].port', 1, 2, 3], ['.spec.ports.*.port', 1, 2, 3],
    ['.spec.ports[0:2].name', 'a', 'b'], ['.spec.ports[1:].name', 'b', 'c'], ['.spec.ports[::2].name', 'a', 'c'], ['.spec.ports[0,2].name', 'a', 'c'],
    ["['spec']['name']", 'n'], [".metadata.annotations['a\\.b/c']", 'dotted'], [".metadata.annotations['a.b/c']"], ["['spec.name']", 'n'],
    ['.metadata.annotations.a\\.b/c', 'dotted'], [`.metadata.annotations["it's"]`, 'quoted'], ['.spec.name ', 'n'], ['.spec .ports [0] .name', 'a'],
    ['.status.conditions[?(@.type=="Ready")].status', 'True'], ["[?(@.type=='Ready')].status"], ["..conditions[?(@.type != 'Ready')].status", 'False'],
    ['.spec.ports[?(@.port>1)].name', 'b', 'c'], ['.spec.ports[?(@.port<=1)].name', 'a'], ['.spec.ports[?(@.nothing)].name'], ['.spec.ports[?(@.name)].port', 1, 2, 3],
    ['.spec.ports[?(@.port == $.spec.replicas)].name', 'c'], ['.spec.ports[?(@.name > 1)].name'], ['..port', 1, 2, 3], ['.constructor'], ['.spec.__proto__'],
  ];
  for (const [path, ...found] of cases) it(`finds ${path}`, () => expect(JsonPath.parse(path).find(object)).to.deep.equal(found));

  it('refuses what it does not understand, with the place', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['spec', 'unexpected "s" at character 0 of "spec"'], ['.a[', 'a bracket is not closed in ".a["'], ['.a[]', 'empty brackets in ".a[]"'],
      ['.a[x]', 'invalid array index "x" in ".a[x]"'], ['.a[?(@.b=~"c")]', 'unrecognized filter operator = in'], ['.a[?(b=="c")]', 'unexpected "b" in a filter of'],
      ['.a]', 'unexpected "]" at character 2'], [`.${'a'.repeat(5000)}`, 'the path is longer than 4096 characters'],
    ];
    for (const [path, problem] of wrong) expect(() => JsonPath.parse(path), path).to.throw(RangeError, problem);
  });

  it('finds a bounded number of values in bounded time', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 500; i++) deep = { a: deep, b: [deep] };
    expect(JsonPath.parse('..a..a..a').find(deep).length).to.be.at.most(10_000);
  });
});
