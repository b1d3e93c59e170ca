import { dnsSubdomainProblem } from '#core/api/names.ts';
import { APIService, type APIServiceCondition, type ServiceReference } from '#core/api/schema/apiregistration-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { allMetadata, resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { pathSegmentProblem, serviceNameProblem } from './rules/host-names.ts';
import { portNumberProblem } from './rules/syntax.ts';

const mostGroupPriority = 20_000;
const mostVersionPriority = 1000;

/** What this server serves itself needs no checking. */
const localCondition = (since: string): APIServiceCondition =>
  ({ type: 'Available', status: 'True', lastTransitionTime: since, reason: 'Local', message: 'Local APIServices are always available' });

function validateLocal({ caBundle = '', insecureSkipTLSVerify = false }: APIService['spec'], field: FieldPath): void {
  if (caBundle !== '') field.at('caBundle').invalid(`${Buffer.byteLength(caBundle, 'base64')} bytes`, 'local APIServices may not have a caBundle');
  if (insecureSkipTLSVerify) field.at('insecureSkipTLSVerify').invalid(true, 'local APIServices may not have insecureSkipTLSVerify');
}

function validateService({ namespace = '', name = '', port = 443 }: ServiceReference, field: FieldPath): void {
  if (namespace === '') field.at('namespace').required();
  if (name === '') field.at('name').required();
  const problem = portNumberProblem(port);
  if (problem !== undefined) field.at('port').invalid(port, `port is not valid: ${problem}`);
}

function validateServer(spec: APIService['spec'], field: FieldPath): void {
  if (spec.service === undefined) return validateLocal(spec, field);
  validateService(spec.service, field.at('service'));
  if (spec.insecureSkipTLSVerify && spec.caBundle) field.at('insecureSkipTLSVerify').invalid(true, 'may not be true if caBundle is present');
}

function availability({ status: { conditions = [] } }: APIService): string {
  const available = conditions.find(({ type }) => type === 'Available');
  if (available === undefined) return 'Unknown';
  return available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`;
}

export const apiServices = resource<APIService>({
  kind: APIService,
  categories: ['api-extensions'],
  hasStatus: true,
  statusKeeps: allMetadata,
  allowsUnconditionalUpdate: false,
  nameProblem: pathSegmentProblem,

  prepareForCreate(service) {
    service.status = service.spec.service === undefined ? { conditions: [localCondition(service.metadata.creationTimestamp)] } : {};
  },
  validate({ metadata, spec }, errors) {
    const root = FieldPath.root(errors);
    const field = root.at('spec');
    const { group = '', version = '', groupPriorityMinimum, versionPriority } = spec;
    if (metadata.name !== `${version}.${group}`) {
      root.at('metadata', 'name').invalid(metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(`${version}.${group}`)}`);
    }
    if (group === '' && version !== 'v1') field.at('group').required('only v1 may have an empty group and it better be legacy kube');
    field.at('group').optional(group, dnsSubdomainProblem);
    field.at('version').check(version, serviceNameProblem(version));
    if (groupPriorityMinimum <= 0 || groupPriorityMinimum > mostGroupPriority) field.at('groupPriorityMinimum').invalid(groupPriorityMinimum, 'must be positive and less than 20000');
    if (versionPriority <= 0 || versionPriority > mostVersionPriority) field.at('versionPriority').invalid(versionPriority, 'must be positive and less than 1000');
    validateServer(spec, field);
  },

  columns: [
    nameColumn,
    {
      name: 'Service', type: 'string', description: 'Who serves it.',
      cell: ({ spec: { service } }) => (service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`),
    },
    { name: 'Available', type: 'string', description: 'Whether it can be reached.', cell: availability },
    ageColumn,
  ],
});
