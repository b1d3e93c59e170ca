import { expect } from 'chai';
import { CertificateSigningRequest, type CertificateSigningRequestCondition } from '#core/api/schema/certificates-v1.ts';
import { signingRequest } from '#test/fixtures/certificate-requests.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { user } from '#test/fixtures/rbac-world.ts';
import { UserApi } from '#test/fixtures/user-api.ts';
import { CertificateConditions } from './certificate-conditions.ts';

describe('CertificateConditions', () => {
  let world: UserApi;
  let csr: CertificateSigningRequest;
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  beforeEach(async () => {
    world = await UserApi.start(() => [new CertificateConditions(clock)], clock);
    csr = await world.client.create(CertificateSigningRequest, await signingRequest('csr'));
  });
  afterEach(() => world.stop());

  const write = async (subresource: string, conditions: CertificateSigningRequestCondition[]): Promise<CertificateSigningRequestCondition[] | undefined> => {
    csr = await world.update(user('a'), CertificateSigningRequest, { ...csr, status: { ...csr.status, conditions } }, subresource);
    return csr.status.conditions;
  };
  const approved = { type: 'Approved', status: 'True', reason: 'Because' };
  const other = { type: 'Mine', status: 'True' };

  it('dates what has no dates, and keeps the day of a state that has not changed', async () => {
    const first = '2026-01-01T00:00:00Z';
    expect(await write('approval', [approved, other])).to.deep.equal([
      { ...approved, lastUpdateTime: first, lastTransitionTime: first }, { ...other, lastUpdateTime: first, lastTransitionTime: first },
    ]);
    await clock.advance(60_000);
    const later = '2026-01-01T00:01:00Z';
    expect((await write('approval', [approved, { ...other, message: 'x' }]))?.[1]).to.deep.equal({ ...other, message: 'x', lastUpdateTime: later, lastTransitionTime: first });
    expect((await write('approval', [approved, { ...other, status: 'False', lastUpdateTime: first }]))?.[1])
      .to.deep.equal({ ...other, status: 'False', lastUpdateTime: first, lastTransitionTime: later });
  });

  it('keeps a decision that comes back through the status without all of its fields', async () => {
    const before = await write('approval', [approved]);
    const after = await write('status', [{ type: 'Approved', status: 'True' }, other]);
    expect(after?.[0]).to.deep.equal(before?.[0]);
    expect(after?.[1]).to.include(other);
  });
});
