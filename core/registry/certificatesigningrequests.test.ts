import { expect } from 'chai';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { base64, certificateRequest } from '#test/fixtures/certificate-requests.ts';
import { issueAuthority } from '#core/authn/pki-issue.ts';
import { certificateSigningRequests } from './certificatesigningrequests.ts';
import { changed, created, creationFindings, header, judgesStatus, row, statusFindings, updateFindings, type Case } from './resource.test.ts';

const draft = (request: string) => ({ metadata: { name: 'csr-X' }, spec: { request, signerName: 'example.com/signer', usages: ['client auth', 'digital signature'] } });
const condition = (type: string, status = 'True') => ({ type, status, reason: 'Because' });

describe('certificateSigningRequests', () => {
  let plain: ReturnType<typeof draft>;
  let certificate: string;
  before(async () => {
    plain = draft(base64(await certificateRequest({ commonName: 'alice' })));
    certificate = base64((await issueAuthority('x', { notBefore: new Date(), notAfter: new Date(Date.now() + 1e6) })).cert);
  });

  const cases: readonly Case[] = [
    ['metadata.name', 'a/b', 'metadata.name: Invalid'],
    ['spec.request', base64('nonsense'), 'spec.request: Invalid'],
    ['spec.usages', [], 'spec.usages: Required'],
    ['spec.usages', ['client auth', 'world peace'], 'spec.usages[1]: NotSupported'],
    ['spec.usages', ['any', 'any'], 'spec.usages[1]: Duplicate'],
    ['spec.signerName', '', 'spec.signerName: Required'],
    ['spec.signerName', 'kubernetes.io/legacy-unknown', 'spec.signerName: Invalid'],
    ['spec.signerName', 'example.com', 'spec.signerName: Invalid'],
    ['spec.signerName', 'example.com/a/b', 'spec.signerName: Invalid'],
    ['spec.signerName', 'com/a', 'spec.signerName: Invalid'],
    ['spec.signerName', 'Example.com/a', 'spec.signerName: Invalid'],
    ['spec.signerName', 'example.com/ns.name'],
    ['spec.signerName', 'example.com/Name', 'spec.signerName: Invalid'],
    ['spec.signerName', `${'a.'.repeat(126)}bcd/x`, 'spec.signerName: TooLong'],
    ['spec.expirationSeconds', 600],
    ['spec.expirationSeconds', 599, 'spec.expirationSeconds: Invalid'],
  ];
  it('checks what is asked for', () => {
    expect(creationFindings(certificateSigningRequests, plain)).to.deep.equal([]);
    for (const [path, value, ...expected] of cases) {
      expect(creationFindings(certificateSigningRequests, changed(plain, path, value)), `${path} = ${JSON.stringify(value)}`).to.deep.equal(expected);
    }
  });

  it('keeps spec and status as they are when the object itself is updated', () => {
    const old = { ...created(certificateSigningRequests, plain), status: { conditions: [condition('Approved')] } } as KubernetesObject;
    const next = changed(old, 'spec.signerName', 'nonsense') as CertificateSigningRequest;
    expect(updateFindings(certificateSigningRequests, old, next)).to.deep.equal([]);
    const copy = changed(next, 'x', 1) as CertificateSigningRequest;
    certificateSigningRequests.prepareForUpdate?.(copy, old);
    expect(copy.spec.signerName).to.equal('example.com/signer');
  });

  describe('through its status', () => {
    judgesStatus(certificateSigningRequests, draft(''), [
      ['status.conditions', [condition('Failed')]],
      ['status.conditions', [condition('Mine', 'Unknown')]],
      ['status.conditions', [condition('Failed', 'False')], 'status.conditions[0].status: NotSupported'],
      ['status.conditions', [condition('Mine', 'Maybe')], 'status.conditions[0].status: NotSupported'],
      ['status.conditions', [condition('', '')], 'status.conditions[0].type: Required', 'status.conditions[0].status: Required'],
      ['status.conditions', [condition('A'), condition('A')], 'status.conditions[1].type: Duplicate'],
      ['status.conditions', [condition('Approved')], 'status.conditions: Forbidden'],
      ['status.certificate', base64('nonsense'), 'status.certificate: Invalid'],
      ['status.certificate', base64('-----BEGIN KEY-----\nYQ==\n-----END KEY-----'), 'status.certificate: Invalid'],
      ['status.certificate', base64('-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----'), 'status.certificate: Invalid'],
    ]);

    it('takes a certificate once, and keeps every decision', () => {
      const old = { ...created(certificateSigningRequests, plain), status: { conditions: [condition('Approved')] } } as KubernetesObject;
      const issued = changed(old, 'status.certificate', certificate) as KubernetesObject;
      expect(statusFindings(certificateSigningRequests, old, issued)).to.deep.equal([]);
      expect(statusFindings(certificateSigningRequests, issued, changed(issued, 'status.certificate', base64('other')))).to.deep.equal(['status.certificate: Forbidden', 'status.certificate: Invalid']);
      expect(statusFindings(certificateSigningRequests, old, changed(old, 'status.conditions', []))).to.deep.equal(['status.conditions: Forbidden']);
      expect(statusFindings(certificateSigningRequests, old, changed(old, 'status.conditions[0].reason', 'Other'))).to.deep.equal(['status.conditions: Forbidden']);
    });
  });

  describe('through its approval', () => {
    const part = certificateSigningRequests.subresources?.find(({ name }) => name === 'approval')?.part;
    const approval = (old: object, next: object): string[] => {
      const errors = new FieldErrors();
      part?.validate?.(next as never, old as never, errors);
      return errors.causes.map(({ message = '', field = '' }) => `${field}: ${message}`);
    };

    it('writes the conditions and nothing else', () => {
      const old = { ...created(certificateSigningRequests, plain), status: { certificate, conditions: [condition('Mine')] } };
      const next = { ...created(certificateSigningRequests, changed(plain, 'spec.signerName', 'other.com/x')), status: { conditions: [condition('Approved')] } } as CertificateSigningRequest;
      part?.carryOver(next, old);
      expect([next.spec, next.status]).to.deep.equal([(old as never as CertificateSigningRequest).spec, { certificate, conditions: [condition('Approved')] }]);
      delete next.status.conditions;
      part?.carryOver(next, old);
      expect(next.status).to.deep.equal({ certificate });
    });

    it('approves or denies, not both, and for good', () => {
      const status = (...conditions: object[]) => ({ status: { conditions } });
      expect(approval(status(), status(condition('Approved')))).to.deep.equal([]);
      expect(approval(status(condition('Approved')), status(condition('Approved'), condition('Denied'))))
        .to.deep.equal(['status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive']);
      expect(approval(status(condition('Denied')), status())).to.deep.equal(['status.conditions: Forbidden: updates may not remove a condition of type "Denied"']);
      expect(approval(status(), { status: { certificate } })).to.deep.equal(['status.certificate: Forbidden: updates may not set certificate content']);
    });
  });

  it('prints what kubectl users know', () => {
    expect(header(certificateSigningRequests)).to.equal('NAME | AGE | SIGNERNAME | REQUESTOR | REQUESTEDDURATION | CONDITION');
    const shown = { ...plain, spec: { ...plain.spec, username: 'alice', expirationSeconds: 7200 } };
    expect(row(certificateSigningRequests, shown)).to.equal('csr-X | <unknown> | example.com/signer | alice | 120m | Pending');
    const conditionOf = (status: object): string | undefined => row(certificateSigningRequests, { ...plain, status }).split(' | ').at(-1);
    expect([conditionOf({ conditions: [condition('Approved')], certificate }), conditionOf({ conditions: [condition('Denied')] }), conditionOf({ conditions: [condition('Approved'), condition('Failed')] })])
      .to.deep.equal(['Approved,Issued', 'Denied', 'Approved,Failed']);
    expect(certificateSigningRequests.selectableFields?.['spec.signerName']?.(created(certificateSigningRequests, plain))).to.equal('example.com/signer');
  });
});
