import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLocalJWKSet, jwtVerify, SignJWT, type JSONWebKeySet } from 'jose';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { BootstrapTokens } from './bootstrap-tokens.ts';
import { ensureServiceAccountKeys, type ServiceAccountKeys } from './service-account/keys.ts';
import { ServiceAccountTokens } from './service-account/tokens.ts';
import { StaticTokens } from './static-tokens.ts';
import { TokenAuthenticators } from './token-authenticator.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const refusal = async (call: () => unknown): Promise<string> => {
  try {
    await call();
  } catch (error) {
    if (StatusError.is(error, 'Unauthorized')) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('bearer tokens', () => {
  const clock = new FakeClock();
  const stored = new Map<string, object>();
  const lookup = ({ plural }: { plural: string }, namespace: string | undefined, name: string): KubernetesObject | undefined =>
    stored.get([plural, namespace, name].join('/')) as KubernetesObject | undefined;
  beforeEach(() => stored.clear());

  describe('of a file', () => {
    const tokens = new StaticTokens('abc,alice,1,"dev, ops"\n\nxyz,bob\n');

    it('name a user and groups', () => {
      expect(tokens.authenticateToken('abc', ['a'])).to.deep.equal({ user: { name: 'alice', uid: '1', groups: ['dev', 'ops', 'system:authenticated'] }, audiences: ['a'] });
      expect(tokens.authenticateToken('xyz', [])?.user).to.deep.equal({ name: 'bob', groups: ['system:authenticated'] });
      expect(tokens.authenticateToken('ab', [])).to.equal(undefined);
    });

    it('stand on lines that name a user', () => {
      expect(() => new StaticTokens('abc,alice\nsecret')).to.throw(/line 2/).and.not.match(/secret/);
    });
  });

  describe('for nodes that join', () => {
    const tokens = new BootstrapTokens(lookup, clock);
    const put = (data: Record<string, string>): void => void stored.set('secrets/kube-system/bootstrap-token-abcdef', {
      type: 'bootstrap.kubernetes.io/token', metadata: {},
      data: Object.fromEntries(Object.entries({ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true', ...data }).map(([key, text]) => [key, base64(text)])),
    });
    const ask = () => tokens.authenticateToken('abcdef.0123456789abcdef', []);

    it('are good while their secret says so', async () => {
      put({ 'auth-extra-groups': 'system:bootstrappers:workers,system:masters' });
      expect(ask()?.user).to.deep.equal({ name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'] });
      expect(await refusal(() => tokens.authenticateToken('abcdef.0123456789abcdee', []))).to.equal('the bootstrap token is not known');
      put({ expiration: new Date(clock.now() - 1).toISOString() });
      expect(await refusal(ask)).to.equal('the bootstrap token has expired');
      put({ 'usage-bootstrap-authentication': 'false' });
      expect(await refusal(ask)).to.equal('the bootstrap token is not for authentication');
      stored.clear();
      expect(await refusal(ask)).to.equal('the bootstrap token is not known');
    });
  });

  describe('of service accounts', () => {
    const issuer = 'https://kubernetes.default.svc.cluster.local';
    let dir: string;
    let keys: ServiceAccountKeys;
    let tokens: ServiceAccountTokens;
    const claims = { namespace: 'team', serviceaccount: { name: 'robot', uid: 'u1' } };

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'keelson-test-'));
      keys = await ensureServiceAccountKeys(dir);
    });
    after(() => rm(dir, { recursive: true, force: true }));
    beforeEach(() => {
      stored.set('serviceaccounts/team/robot', { metadata: { name: 'robot', uid: 'u1' } });
      tokens = new ServiceAccountTokens({ keys, issuer, lookup, clock });
    });

    it('name the account, its groups and the pod that they are for', async () => {
      stored.set('pods/team/web', { metadata: { name: 'web', uid: 'p1' } });
      const { token, expiresAt, id } = await tokens.issue({ audiences: [issuer], expirationSeconds: 600, claims: { ...claims, pod: { name: 'web', uid: 'p1' } } });
      expect(expiresAt).to.equal(Math.floor(clock.now() / 1000) * 1000 + 600_000);
      expect((await tokens.authenticateToken(token, [issuer]))?.user).to.deep.equal({
        name: 'system:serviceaccount:team:robot', uid: 'u1', groups: ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/credential-id': [`JTI=${id}`],
          'authentication.kubernetes.io/pod-name': ['web'], 'authentication.kubernetes.io/pod-uid': ['p1'],
        },
      });
      stored.set('pods/team/web', { metadata: { name: 'web', uid: 'p2' } });
      expect(await refusal(() => tokens.authenticateToken(token, [issuer]))).to.equal('the Pod team/web of the token is gone');
    });

    it('end with their time, and with their account', async () => {
      const { token } = await tokens.issue({ audiences: [issuer], expirationSeconds: 600, claims });
      await clock.advance(599_000);
      expect(await refusal(() => tokens.authenticateToken(token, [issuer]))).to.equal('accepted');
      await clock.advance(2000);
      expect(await refusal(() => tokens.authenticateToken(token, [issuer]))).to.equal('service account token has expired');
      const next = await tokens.issue({ audiences: [issuer], expirationSeconds: 600, claims });
      stored.set('serviceaccounts/team/robot', { metadata: { name: 'robot', uid: 'u2' } });
      expect(await refusal(() => tokens.authenticateToken(next.token, [issuer]))).to.equal('the ServiceAccount team/robot of the token is gone');
    });

    it('are good for their audiences only', async () => {
      const { token } = await tokens.issue({ audiences: ['vault', 'other'], expirationSeconds: 600, claims });
      expect(await refusal(() => tokens.authenticateToken(token, [issuer]))).to.match(/^the token is for the audiences/);
      expect((await tokens.authenticateToken(token, ['x', 'vault']))?.audiences).to.deep.equal(['vault']);
    });

    it('can be checked by anybody who has the published keys', async () => {
      const { token } = await tokens.issue({ audiences: ['vault'], expirationSeconds: 600, claims });
      const published = JSON.parse(JSON.stringify(tokens.jwks())) as JSONWebKeySet;
      const { payload } = await jwtVerify(token, createLocalJWKSet(published), { issuer, audience: 'vault', currentDate: new Date(clock.now()) });
      expect(payload.sub).to.equal('system:serviceaccount:team:robot');
      expect(JSON.stringify(published)).to.not.include('"d"');
    });

    it('are not believed when somebody else signed them, or nobody', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const payload = { 'kubernetes.io': claims };
      const forged = await new SignJWT(payload).setProtectedHeader({ alg: 'RS256' }).setIssuer(issuer).setAudience(issuer).sign(privateKey);
      expect(await refusal(() => tokens.authenticateToken(forged, [issuer]))).to.match(/^the token is not valid/);
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const unsigned = `${part({ alg: 'none' })}.${part({ ...payload, iss: issuer, aud: issuer })}.`;
      expect(await refusal(() => tokens.authenticateToken(unsigned, [issuer]))).to.match(/^the token is not valid/);
      const symmetric = await new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).setIssuer(issuer).setAudience(issuer)
        .sign(Buffer.from(keys.publicKey.export({ format: 'pem', type: 'spki' })));
      expect(await refusal(() => tokens.authenticateToken(symmetric, [issuer]))).to.match(/^the token is not valid/);
      const foreign = await new SignJWT(payload).setProtectedHeader({ alg: 'RS256' }).setIssuer('https://elsewhere.example').sign(privateKey);
      expect(await new TokenAuthenticators([tokens], [issuer]).authenticateToken(foreign)).to.equal(undefined);
    });

    it('of a secret are good while it holds them', async () => {
      const token = await tokens.issueForSecret({ metadata: { namespace: 'team', name: 'robot', uid: 'u1' } } as never, 'robot-token');
      stored.set('secrets/team/robot-token', { metadata: { name: 'robot-token', uid: 's1' }, data: { token: base64(token) } });
      expect((await tokens.authenticateToken(token, [issuer]))?.user.name).to.equal('system:serviceaccount:team:robot');
      stored.set('secrets/team/robot-token', { metadata: { name: 'robot-token', uid: 's1' }, data: {} });
      expect(await refusal(() => tokens.authenticateToken(token, [issuer]))).to.equal('the secret of the token is gone, or holds another');
    });

    it('are signed by a key that is kept, and refused when it is no key', async () => {
      expect((await ensureServiceAccountKeys(dir)).keyId).to.equal(keys.keyId);
      const other = await mkdtemp(join(tmpdir(), 'keelson-test-'));
      await writeFile(join(other, 'sa.key'), 'garbage');
      const failure = await ensureServiceAccountKeys(other).then(() => '', (error: Error) => error.message);
      expect(failure).to.match(/sa\.key is not a private key/);
      await rm(other, { recursive: true });
    });
  });
});
