import { expect } from 'chai';
import type { PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { uncovered } from './covers.ts';
import { compactRules, ruleText } from './rule-text.ts';

const rule = (verbs: string, apiGroups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(','), apiGroups: apiGroups.split(','), resources: resources.split(','), ...(names === undefined ? {} : { resourceNames: names.split(',') }),
});
const paths = (verbs: string, urls: string): PolicyRule => ({ verbs: verbs.split(','), nonResourceURLs: urls.split(',') });
const texts = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): string[] => compactRules(uncovered(held, wanted)).map(ruleText);

describe('uncovered', () => {
  it('is empty when one rule or several together cover everything', () => {
    expect(texts([rule('get,list', '', 'pods,services')], [rule('list', '', 'services')])).to.deep.equal([]);
    expect(texts([rule('get', '', 'pods'), rule('list', '', 'pods'), rule('*', 'apps', '*')], [rule('get,list', '', 'pods'), rule('delete', 'apps', 'deployments/scale')])).to.deep.equal([]);
    expect(texts([], [])).to.deep.equal([]);
  });

  it('names what is missing in upstream\'s words, verbs of one resource together and in order', () => {
    expect(texts([rule('list', '', 'pods')], [rule('get,list,create', '', 'pods'), rule('get', 'apps', 'deployments', 'web')])).to.deep.equal([
      '{APIGroups:[""], Resources:["pods"], Verbs:["get" "create"]}', '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["web"], Verbs:["get"]}',
    ]);
    expect(texts([paths('get', '/healthz')], [paths('get,post', '/healthz')])).to.deep.equal(['{NonResourceURLs:["/healthz"], Verbs:["post"]}']);
  });

  it('takes a star for everything only where it stands for everything', () => {
    expect(texts([rule('get', '', 'pods')], [rule('*', '', 'pods')])).to.have.length(1);
    expect(texts([rule('*', '*', '*')], [rule('*', '*', '*'), rule('get', 'x', 'y/z', 'n')])).to.deep.equal([]);
    expect(texts([rule('*', '*', '*')], [paths('get', '/x')]), 'a resource rule says nothing of paths').to.have.length(1);
    expect(texts([rule('get', '', 'pods')], [rule('get', '', '*')])).to.have.length(1);
  });

  it('knows subresources, names and paths', () => {
    expect(texts([rule('get', '*', '*/scale')], [rule('get', 'apps', 'deployments/scale')])).to.deep.equal([]);
    expect(texts([rule('get', '*', '*/scale')], [rule('get', 'apps', 'deployments')])).to.have.length(1);
    expect(texts([rule('get', '', 'secrets')], [rule('get', '', 'secrets', 'a,b')])).to.deep.equal([]);
    expect(texts([rule('get', '', 'secrets', 'a')], [rule('get', '', 'secrets')])).to.have.length(1);
    expect(texts([rule('get', '', 'secrets', 'a')], [rule('get', '', 'secrets', 'a,b')])).to.deep.equal(['{APIGroups:[""], Resources:["secrets"], ResourceNames:["b"], Verbs:["get"]}']);
    expect(texts([paths('get', '/api/*')], [paths('get', '/api/v1,/api/*')])).to.deep.equal([]);
    expect(texts([paths('get', '/api/*')], [paths('get', '/apis')])).to.have.length(1);
    expect(texts([{ ...paths('get', '*'), resourceNames: ['x'] }], [paths('get', '/x')]), 'a rule with names covers no path').to.have.length(1);
  });

  it('agrees with the plain comparison of every single combination', () => {
    const random = seededRandom(7);
    const pick = (values: readonly string[]): string[] => values.filter(() => random() < 0.45);
    const some = (values: readonly string[]): string[] => { const picked = pick(values); return picked.length > 0 ? picked : [values[0]!]; };
    const randomRule = (): PolicyRule => ({
      verbs: some(['get', 'list', '*', 'watch']), apiGroups: some(['', 'apps', '*']), resources: some(['pods', 'pods/log', '*/log', 'nodes', '*']),
      ...(random() < 0.4 ? { resourceNames: some(['a', 'b', 'c']) } : {}),
    });
    const covers = (owner: PolicyRule, [group, resource, verb, name]: readonly string[]): boolean => {
      const has = (values: readonly string[] = [], ...wanted: string[]): boolean => ['*', ...wanted].some((value) => values.includes(value));
      const part = resource!.split('/')[1];
      return has(owner.verbs, verb!) && has(owner.apiGroups, group!) && has(owner.resources, resource!, ...(part ? [`*/${part}`] : [])) &&
        (owner.resourceNames === undefined || owner.resourceNames.includes(name!));
    };
    const plain = (held: readonly PolicyRule[], { verbs, apiGroups = [], resources = [], resourceNames = [''] }: PolicyRule): string[] =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.flatMap((verb) => resourceNames.map((name) => [group, resource, verb, name]))))
        .filter((single) => !held.some((owner) => covers(owner, single))).map((single) => single.join());
    let differences = 0;
    for (let i = 0; i < 2000; i++) {
      const held = Array.from({ length: Math.floor(random() * 5) }, randomRule);
      const wanted = randomRule();
      const expected = plain(held, wanted);
      const found = uncovered(held, [wanted]).map(({ apiGroups, resources, verbs, resourceNames }) => [apiGroups?.[0], resources?.[0], verbs[0], resourceNames?.[0] ?? ''].join());
      expect(found, JSON.stringify({ held, wanted })).to.deep.equal(expected);
      if (expected.length > 0 && expected.length < 20) differences++;
    }
    expect(differences).to.be.greaterThan(200);
  });

  it('stops at the limit, and does not break down rules of a million million combinations', () => {
    const many = (prefix: string): string => Array.from({ length: 2000 }, (_, i) => `${prefix}${i}`).join();
    const huge = rule(many('v'), many('g'), many('r'), many('n'));
    expect(uncovered([rule('*', '*', '*')], [huge])).to.deep.equal([]);
    expect(uncovered([], [huge])).to.have.length(500);
    expect(uncovered([huge], [huge])).to.deep.equal([]);
    const split = Array.from({ length: 400 }, (_, i) => rule(`v${i}`, many('g'), `r${i}`));
    const begun = process.hrtime.bigint();
    expect(uncovered(split, [huge])).to.have.length(500);
    const manyPaths = paths('get', many('/p'));
    expect(uncovered([manyPaths, manyPaths], [paths('get,post', many('/q'))])).to.have.length(500);
    expect(Number(process.hrtime.bigint() - begun) / 1e6, 'ms').to.be.lessThan(2000);
  });
});
