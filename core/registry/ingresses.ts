import { ipProblem, parseIp } from '#core/api/ip.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import { Ingress } from '#core/api/schema/networking-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateIngressSpec } from './rules/ingress-spec.ts';

const classAnnotation = 'kubernetes.io/ingress.class';

function hostsText({ spec: { rules = [] } }: Ingress): string {
  const shown = rules.map(({ host = '' }) => host).filter((host) => host !== '').slice(0, 3);
  if (shown.length === 0) return '*';
  // As kubectl counts them: all rules, those without a host too.
  const more = shown.length === 3 && rules.length > 3;
  return `${shown.join(',')}${more ? ` + ${rules.length - 3} more...` : ''}`;
}

const addressText = ({ status }: Ingress): string =>
  [...new Set((status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? ''))].filter((text) => text !== '').sort().join(',');

export const ingresses = resource<Ingress>({
  kind: Ingress,
  shortNames: ['ing'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  validate: ({ spec }, errors) => validateIngressSpec(spec, FieldPath.root(errors).at('spec')),
  validateCreate({ metadata, spec }, errors) {
    const { [classAnnotation]: annotation } = metadata.annotations ?? {};
    if (annotation === undefined || spec.ingressClassName === undefined || annotation === spec.ingressClassName) return;
    errors.invalid(`metadata.annotations[${classAnnotation}]`, annotation, 'must match `ingressClassName` when both are specified');
  },
  validateStatus({ status }, _old, errors) {
    const field = FieldPath.root(errors).at('status', 'loadBalancer', 'ingress');
    for (const [i, { ip, hostname }] of (status.loadBalancer.ingress ?? []).entries()) {
      field.at(i, 'ip').optional(ip, ipProblem);
      field.at(i, 'hostname').optional(hostname, (name) => dnsSubdomainProblem(name) ?? (parseIp(name) && 'must be a DNS name, not an IP address'));
    }
  },
  warnings: ({ metadata }, old) => (old === undefined && metadata.annotations?.[classAnnotation] !== undefined
    ? [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`] : []),

  columns: [
    nameColumn,
    { name: 'Class', type: 'string', description: 'The IngressClass.', cell: ({ spec }) => spec.ingressClassName ?? '<none>' },
    { name: 'Hosts', type: 'string', description: 'Hosts of the rules.', cell: hostsText },
    { name: 'Address', type: 'string', description: 'Where requests are taken.', cell: addressText },
    { name: 'Ports', type: 'string', description: 'Ports of the requests.', cell: ({ spec }) => ((spec.tls ?? []).length > 0 ? '80, 443' : '80') },
    ageColumn,
  ],
});
