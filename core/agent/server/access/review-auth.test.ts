import { expect } from 'chai';
import type { SubjectAccessReview } from '#core/api/schema/authorization-v1.ts';
import type { TokenReview } from '#core/api/schema/authentication-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Writer } from '#core/client/client.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { ReviewAuth } from './review-auth.ts';

const signal = new AbortController().signal;
const alice = { name: 'alice', groups: ['readers', 'system:authenticated'], uid: 'a1', extra: { scopes: ['x'] } };

/** The API server: it knows one token, and lets Alice do what `allowed` names. */
class Reviewer implements Pick<Writer, 'create'> {
  readonly asked: unknown[] = [];
  isDown = false;
  allowed = new Set(['get stats']);

  async create<T>(kind: { kind: string }, object: unknown): Promise<T> {
    const { spec } = object as TokenReview | SubjectAccessReview;
    this.asked.push(spec);
    if (this.isDown) throw new StatusError('ServiceUnavailable', 'down');
    if (kind.kind === 'TokenReview') {
      const { token } = spec as TokenReview['spec'];
      return { status: token === 'good' ? { authenticated: true, user: { username: 'alice', groups: ['readers'], uid: 'a1', extra: { scopes: ['x'] } } } : { authenticated: false, user: {}, ...(token === 'odd' ? { error: 'no keys' } : {}) } } as T;
    }
    const { resourceAttributes: { verb, subresource } = {} } = spec as SubjectAccessReview['spec'];
    return { status: { allowed: this.allowed.has(`${verb} ${subresource}`) } } as T;
  }
}

describe('ReviewAuth', () => {
  let clock: FakeClock;
  let server: Reviewer;
  let auth: ReviewAuth;

  beforeEach(() => {
    clock = new FakeClock();
    server = new Reviewer();
    auth = new ReviewAuth(server, 'n1', clock);
  });

  it('asks whose a token is, once in two minutes', async () => {
    const expected = { name: 'alice', groups: ['readers'], uid: 'a1', extra: { scopes: ['x'] } };
    expect(await Promise.all([auth.userOfToken('good', signal), auth.userOfToken('good', signal)])).to.deep.equal([expected, expected]);
    await clock.advance(119_999);
    await auth.userOfToken('good', signal);
    expect(server.asked).to.deep.equal([{ token: 'good' }]);
    await clock.advance(1);
    await auth.userOfToken('good', signal);
    expect(server.asked).to.have.length(2);
  });

  it('asks again for a token that was nobody\'s, or could not be reviewed', async () => {
    for (let i = 0; i < 2; i++) expect(await auth.userOfToken('forged', signal)).to.equal(undefined);
    server.isDown = true;
    const refused = await auth.userOfToken('good', signal).catch((error: unknown) => error);
    expect(StatusError.is(refused, 'ServiceUnavailable')).to.equal(true);
    server.isDown = false;
    expect(await auth.userOfToken('good', signal)).to.have.property('name', 'alice');
    expect(server.asked).to.have.length(4);
    expect(await auth.userOfToken('odd', signal).catch(String)).to.equal('Error: no keys');
  });

  it('asks who may do what to its own node, once in five minutes', async () => {
    const get = { verb: 'get', subresource: 'stats' };
    expect(await auth.allows(alice, get, signal)).to.equal(true);
    expect(server.asked).to.deep.equal([{
      resourceAttributes: { verb: 'get', group: '', version: 'v1', resource: 'nodes', subresource: 'stats', name: 'n1' },
      user: 'alice', groups: alice.groups, uid: 'a1', extra: { scopes: ['x'] },
    }]);
    server.allowed.clear();
    await clock.advance(299_999);
    expect(await auth.allows(alice, get, signal)).to.equal(true);
    await clock.advance(1);
    expect(await auth.allows(alice, get, signal)).to.equal(false);
  });

  it('asks half a minute later where it was denied, and for each user, verb and part', async () => {
    const create = { verb: 'create', subresource: 'proxy' };
    expect(await auth.allows(alice, create, signal)).to.equal(false);
    server.allowed.add('create proxy');
    expect(await auth.allows(alice, create, signal)).to.equal(false);
    expect(await auth.allows({ ...alice, groups: [] }, create, signal)).to.equal(true);
    await clock.advance(30_000);
    expect(await auth.allows(alice, create, signal)).to.equal(true);
    expect(await auth.allows(alice, { ...create, verb: 'get' }, signal)).to.equal(false);
  });

  it('lets masters do all, also without a server', async () => {
    server.isDown = true;
    expect(await auth.allows({ name: 'kube-apiserver-kubelet-client', groups: ['system:masters'] }, { verb: 'create', subresource: 'proxy' }, signal)).to.equal(true);
    expect(server.asked).to.deep.equal([]);
  });

  it('forgets the oldest of a thousand answers', async () => {
    for (let i = 0; i <= 1000; i++) await auth.allows({ name: `user-${i}`, groups: [] }, { verb: 'get', subresource: 'stats' }, signal);
    server.asked.length = 0;
    await auth.allows({ name: 'user-1', groups: [] }, { verb: 'get', subresource: 'stats' }, signal);
    await auth.allows({ name: 'user-0', groups: [] }, { verb: 'get', subresource: 'stats' }, signal);
    expect(server.asked.map((spec) => (spec as { user: string }).user)).to.deep.equal(['user-0']);
  });
});
