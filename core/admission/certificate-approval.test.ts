import { expect } from 'chai';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import type { Attributes } from '#core/api/access.ts';
import { signingRequest } from '#test/fixtures/certificate-requests.ts';
import { user } from '#test/fixtures/rbac-world.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { allowing, UserApi } from '#test/fixtures/user-api.ts';
import { CertificateApproval } from './certificate-approval.ts';

describe('CertificateApproval', () => {
  const asked: Attributes[] = [];
  let rights: readonly string[];
  let world: UserApi;
  let csr: CertificateSigningRequest;
  beforeEach(async () => {
    asked.length = 0;
    rights = [];
    world = await UserApi.start(() => [new CertificateApproval((attributes) => (asked.push(attributes), allowing(...rights)(attributes)))]);
    csr = await world.client.create(CertificateSigningRequest, await signingRequest('csr'));
  });
  afterEach(() => world.stop());

  const decided = (type: string): CertificateSigningRequest => ({ ...csr, status: { conditions: [{ type, status: 'True' }] } });

  it('lets those approve who may do so for the signer, or for all of its domain', async () => {
    for (const right of ['approve signers/example.com/one', 'approve signers/example.com/*']) {
      rights = [right];
      csr = await world.client.create(CertificateSigningRequest, await signingRequest(`csr${right.length}`));
      expect((await world.update(user('a'), CertificateSigningRequest, decided('Approved'), 'approval')).status.conditions?.[0]?.type, right).to.equal('Approved');
    }
    const common = { user: user('a'), verb: 'approve', path: '', group: 'certificates.k8s.io', version: '*', resource: 'signers', subresource: '', namespace: '' };
    expect(asked.at(-2)).to.deep.equal({ ...common, name: 'example.com/one' });
    expect(asked.at(-1)).to.deep.equal({ ...common, name: 'example.com/*' });
  });

  it('refuses the others, whatever signer they write', async () => {
    rights = ['approve signers/example.com/two', 'sign signers/example.com/one', 'approve signers/*', 'approve signers/'];
    const forged = { ...decided('Denied'), spec: { ...csr.spec, signerName: 'example.com/two' } };
    expect(await refusalOf(world.update(user('a'), CertificateSigningRequest, forged, 'approval')))
      .to.equal('403 certificatesigningrequests.certificates.k8s.io "csr" is forbidden: user not permitted to approve requests with signerName "example.com/one"');
  });

  it('has no say in other writes', async () => {
    csr = await world.update(user('a'), CertificateSigningRequest, { ...csr, metadata: { ...csr.metadata, labels: { a: 'b' } } });
    await world.update(user('a'), CertificateSigningRequest, decided('Failed'), 'status');
    expect(asked).to.deep.equal([]);
  });
});
