import { expect } from 'chai';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { signingRequest } from '#test/fixtures/certificate-requests.ts';
import { UserApi } from '#test/fixtures/user-api.ts';
import { csrRequester } from './csr-requester.ts';

describe('CertificateRequester', () => {
  let world: UserApi;
  beforeEach(async () => {
    world = await UserApi.start(() => [csrRequester]);
  });
  afterEach(() => world.stop());

  const forged = { username: 'root', uid: 'r', groups: ['system:masters'], extra: { scopes: ['all'] } };
  const draft = async (name: string) => {
    const { metadata, spec } = await signingRequest(name);
    return { metadata, spec: { ...spec, ...forged } };
  };

  it('writes down who asks, whatever the request says', async () => {
    const { spec } = await world.create({ name: 'alice', groups: ['dev'], uid: 'u1', extra: { 'example.com/scopes': ['a', 'b'] } }, CertificateSigningRequest, await draft('one'));
    expect(spec).to.include({ username: 'alice', uid: 'u1' }).and.to.deep.include({ groups: ['dev'], extra: { 'example.com/scopes': ['a', 'b'] } });
    const plain = await world.create({ name: 'bob', groups: [] }, CertificateSigningRequest, await draft('two'));
    expect(plain.spec).to.include({ username: 'bob' }).and.to.deep.include({ groups: [] });
    expect(plain.spec).not.to.have.any.keys('uid', 'extra');
  });

  it('stays with who asked first', async () => {
    const made = await world.create({ name: 'alice', groups: [] }, CertificateSigningRequest, await draft('one'));
    const next = await world.update({ name: 'bob', groups: ['b'] }, CertificateSigningRequest, { ...made, metadata: { ...made.metadata, labels: { a: 'b' } } });
    expect(next.metadata.labels).to.deep.equal({ a: 'b' });
    expect(next.spec.username).to.equal('alice');
  });
});
