import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import { deepCopy } from '#core/api/value.ts';
import { humanDuration } from './age.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { requestProblem, validateRequestStatus, validateSignerName } from './rules/certificates.ts';
import { FieldPath } from './rules/field-path.ts';
import { pathSegmentProblem } from './rules/host-names.ts';

const shortestLifetime = 600;

function conditionText({ status: { conditions = [], certificate = '' } }: CertificateSigningRequest): string {
  const has = (type: string): boolean => conditions.some((condition) => condition.type === type);
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return `${decision}${has('Failed') ? ',Failed' : ''}${certificate === '' ? '' : ',Issued'}`;
}

export const certificateSigningRequests = resource<CertificateSigningRequest>({
  kind: CertificateSigningRequest,
  shortNames: ['csr'],
  hasStatus: true,
  allowsUnconditionalUpdate: true,
  nameProblem: pathSegmentProblem,
  subresources: [{
    name: 'approval', verbs: ['get', 'patch', 'update'],
    part: {
      carryOver(request, old) {
        const { conditions } = request.status;
        request.spec = deepCopy(old.spec);
        request.status = { ...deepCopy(old.status), ...(conditions === undefined ? {} : { conditions }) };
        if (conditions === undefined) delete request.status.conditions;
      },
      writes: [['metadata'], ['status', 'conditions']],
      validate({ status }, { status: old }, errors) {
        validateRequestStatus(status, old, true, FieldPath.root(errors).at('status'));
      },
    },
  }],

  prepareForUpdate(request, old) {
    request.spec = deepCopy(old.spec);
  },
  // Nothing of this changes later.
  validateCreate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    const { request, signerName, usages = [], expirationSeconds: seconds } = spec;
    field.at('request').check(request, requestProblem(request));
    if (usages.length === 0) field.at('usages').required();
    const seen = new Set<string>();
    for (const [i, usage] of usages.entries()) {
      if (seen.has(usage)) field.at('usages', i).duplicate(usage);
      seen.add(usage);
    }
    if (signerName === signers.legacyUnknown) field.at('signerName').invalid(signerName, 'the legacy signerName is not allowed via this API version');
    else validateSignerName(signerName, field.at('signerName'));
    if (seconds !== undefined && seconds < shortestLifetime) {
      field.at('expirationSeconds').invalid(seconds, 'may not specify a duration less than 600 seconds (10 minutes)');
    }
  },
  validateStatus({ status }, { status: old }, errors) {
    validateRequestStatus(status, old, false, FieldPath.root(errors).at('status'));
  },

  columns: [
    nameColumn,
    ageColumn,
    { name: 'SignerName', type: 'string', description: 'Who shall sign.', cell: ({ spec }) => spec.signerName || '<none>' },
    { name: 'Requestor', type: 'string', description: 'Who asks for the certificate.', cell: ({ spec }) => spec.username ?? '' },
    {
      name: 'RequestedDuration', type: 'string', description: 'Wished-for lifetime.',
      cell: ({ spec }) => (spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000)),
    },
    { name: 'Condition', type: 'string', description: 'Whether it is approved or denied, and issued.', cell: conditionText },
  ],
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName },
});
