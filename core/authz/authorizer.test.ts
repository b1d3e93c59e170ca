import { expect } from 'chai';
import type { Decision } from '#core/api/access.ts';
import { accountUserName, nodeOf } from '#core/api/user.ts';
import { asks, user } from '#test/fixtures/rbac-world.ts';
import { AuthorizerUnion, forbiddenMessage, masters, mastersOnly, type Authorizer } from './authorizer.ts';

const saying = (decision: Decision): Authorizer => ({ authorize: () => decision });
const request = asks(user('x'), 'get ns/pods');

describe('AuthorizerUnion', () => {
  const union = (...decisions: Decision[]): Decision => new AuthorizerUnion(decisions.map(saying)).authorize(request);

  it('goes by the first that allows or denies', () => {
    const yes = { allowed: true, reason: 'because' };
    const no = { allowed: false, denied: true, reason: 'never' };
    expect(union({ allowed: false, reason: 'a' }, yes, no)).to.deep.equal(yes);
    expect(union({ allowed: false, reason: 'a' }, no, yes)).to.deep.equal(no);
  });

  it('refuses when nobody has an opinion, with what they say', () => {
    expect(union()).to.deep.equal({ allowed: false, reason: '' });
    expect(union({ allowed: false, reason: 'a' }, { allowed: false, reason: '' }, { allowed: false, reason: 'b' })).to.deep.equal({ allowed: false, reason: 'a\nb' });
  });

  it('adds up the rules of those that can list them', () => {
    const lists = { ...saying(request as never), rulesFor: () => ({ resourceRules: [], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }], incomplete: true, errors: ['e'] }) };
    const all = new AuthorizerUnion([masters, saying({ allowed: true, reason: '' }), lists]).rulesFor(user('root', 'system:masters'), 'ns');
    expect(all.resourceRules).to.deep.equal([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]);
    expect(all.nonResourceRules.map(({ nonResourceURLs }) => nonResourceURLs)).to.deep.equal([['*'], ['/x']]);
    expect([all.incomplete, all.errors]).to.deep.equal([true, ['e']]);
    expect(masters.rulesFor(user('x'), 'ns').resourceRules).to.deep.equal([]);
  });
});

describe('mastersOnly', () => {
  it('allows masters everything, and all others health and version', () => {
    const may = (text: string, ...groups: string[]): boolean => mastersOnly.authorize(asks(user('x', ...groups), text)).allowed;
    expect([may('delete nodes=n', 'system:masters'), may('post /anything', 'system:masters')]).to.deep.equal([true, true]);
    expect([may('get /healthz'), may('get /readyz/etcd'), may('get /version'), may('get /metrics'), may('get ns/pods')]).to.deep.equal([true, true, true, false, false]);
  });
});

describe('forbiddenMessage', () => {
  it('uses the API\'s words', () => {
    const said = (text: string, reason?: string): string => forbiddenMessage(asks(user('bob'), text), reason);
    expect(said('list ns/pods')).to.equal('pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "ns"');
    expect(said('get apps:deployments+scale=web')).to.equal('deployments.apps "web" is forbidden: User "bob" cannot get resource "deployments/scale" in API group "apps" at the cluster scope');
    expect(said('get /metrics', 'why')).to.equal('forbidden: User "bob" cannot get path "/metrics": why');
  });
});

describe('names of users', () => {
  it('tell nodes and accounts', () => {
    expect(accountUserName('ns', 'bot')).to.equal('system:serviceaccount:ns:bot');
    expect([nodeOf(user('system:node:a', 'system:nodes')), nodeOf(user('system:node:a')), nodeOf(user('a', 'system:nodes'))]).to.deep.equal(['a', undefined, undefined]);
  });
});
