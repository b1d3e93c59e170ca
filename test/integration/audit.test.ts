import { expect } from 'chai';
import { AuditLog } from '#core/apiserver/audit/audit-log.ts';
import { AuditPolicy } from '#core/apiserver/audit/policy.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';

interface Line {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string };
  readonly responseStatus?: { readonly code: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

describe('the audit log of the API', () => {
  let plane: ControlPlane;
  let lines: Line[] = [];
  before(async () => {
    const policy = new AuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata', verbs: ['list', 'get'] }] });
    plane = await startControlPlane({ audit: new AuditLog(policy, { write: (line) => void lines.push(JSON.parse(line) as Line) }, systemClock) });
  });
  beforeEach(() => {
    lines = [];
  });
  after(() => plane.stop());

  const pods = '/api/v1/namespaces/default/pods';
  const seen = () => lines.map(({ verb, user, objectRef, responseStatus, annotations }) => [verb, user.username, objectRef?.resource, responseStatus?.code, annotations?.['authorization.k8s.io/decision']]);

  it('has who was let in', async () => {
    await plane.send('GET', pods);
    expect(seen()).to.deep.equal([['list', 'kubernetes-admin', 'pods', 200, 'allow']]);
  });

  it('has those whom nobody knows', async () => {
    const headers = { Authorization: 'Bearer wrong' };
    expect((await plane.send('GET', pods, { headers, anonymous: true })).code).to.equal(401);
    expect((await plane.send('GET', '/nowhere', { headers, anonymous: true })).code).to.equal(401);
    expect(seen()).to.deep.equal([['list', '', 'pods', 401, 'forbid'], ['get', '', undefined, 401, 'forbid']]);
  });

  it('has those who may not be whom they want to be', async () => {
    const { body } = await plane.send('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { body: { spec: { expirationSeconds: 600 } } });
    const headers = { 'Authorization': `Bearer ${(body as { status: { token: string } }).status.token}`, 'Impersonate-User': 'jane' };
    expect((await plane.send('GET', pods, { headers, anonymous: true })).code).to.equal(403);
    expect(seen()).to.deep.equal([['list', 'system:serviceaccount:default:default', 'pods', 403, 'forbid']]);
  });
});
