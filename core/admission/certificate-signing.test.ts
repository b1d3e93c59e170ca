import { expect } from 'chai';
import { CertificateSigningRequest, type CertificateSigningRequestStatus } from '#core/api/schema/certificates-v1.ts';
import { issueAuthority } from '#core/authn/pki-issue.ts';
import { base64, signingRequest } from '#test/fixtures/certificate-requests.ts';
import { user } from '#test/fixtures/rbac-world.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { allowing, UserApi } from '#test/fixtures/user-api.ts';
import { CertificateSigning } from './certificate-signing.ts';

describe('CertificateSigning', () => {
  const refused = '403 certificatesigningrequests.certificates.k8s.io "csr" is forbidden: user not permitted to sign requests with signerName "example.com/one"';
  let rights: readonly string[];
  let world: UserApi;
  let csr: CertificateSigningRequest;
  beforeEach(async () => {
    world = await UserApi.start(() => [new CertificateSigning((attributes) => allowing(...rights)(attributes))]);
    csr = await world.client.create(CertificateSigningRequest, await signingRequest('csr'));
  });
  afterEach(() => world.stop());

  const write = (status: CertificateSigningRequestStatus): Promise<CertificateSigningRequest> => world.update(user('a'), CertificateSigningRequest, { ...csr, status }, 'status');
  const failed = { conditions: [{ type: 'Failed', status: 'True' }] };

  it('lets those write the result who may sign', async () => {
    rights = ['sign signers/example.com/*'];
    expect((await write(failed)).status.conditions?.[0]?.type).to.equal('Failed');
  });

  it('refuses the others', async () => {
    rights = ['approve signers/example.com/one'];
    const { cert } = await issueAuthority('x', { notBefore: new Date(), notAfter: new Date(Date.now() + 1e6) });
    expect(await refusalOf(write(failed))).to.equal(refused);
    expect(await refusalOf(write({ certificate: base64(cert) }))).to.equal(refused);
  });

  it('has no say in writes that leave the result as it is', async () => {
    rights = [];
    const same = await world.update(user('a'), CertificateSigningRequest, { ...csr, metadata: { ...csr.metadata, labels: { a: 'b' } } }, 'status');
    expect(same.metadata.labels).to.deep.equal({ a: 'b' });
    const approved = await world.update(user('a'), CertificateSigningRequest, { ...same, status: { conditions: [{ type: 'Approved', status: 'True' }] } }, 'approval');
    expect(approved.status.conditions).to.have.length(1);
  });
});
