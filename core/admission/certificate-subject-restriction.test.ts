import { expect } from 'chai';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { base64, certificateRequest } from '#test/fixtures/certificate-requests.ts';
import { user } from '#test/fixtures/rbac-world.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { UserApi } from '#test/fixtures/user-api.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';

describe('CertificateSubjectRestriction', () => {
  let world: UserApi;
  beforeEach(async () => {
    world = await UserApi.start(() => [certificateSubjectRestriction]);
  });
  afterEach(() => world.stop());

  const ask = async (signerName: string, ...organizations: readonly string[]): Promise<CertificateSigningRequest> => world.create(user('a'), CertificateSigningRequest, {
    metadata: { generateName: 'csr-' }, spec: { request: base64(await certificateRequest({ commonName: 'x', organizations })), signerName, usages: ['client auth'] },
  });

  it('refuses to give anybody the group that may do everything', async () => {
    expect(await refusalOf(ask('kubernetes.io/kube-apiserver-client', 'dev', 'system:masters')))
      .to.match(/^403 certificatesigningrequests\.certificates\.k8s\.io "csr-\w+" is forbidden: use of kubernetes\.io\/kube-apiserver-client signer with system:masters group is not allowed$/);
    expect((await ask('kubernetes.io/kube-apiserver-client', 'system:nodes', 'System:masters')).spec.signerName).to.equal('kubernetes.io/kube-apiserver-client');
  });

  it('leaves other signers alone', async () => {
    expect((await ask('example.com/x', 'system:masters')).spec.signerName).to.equal('example.com/x');
  });
});
