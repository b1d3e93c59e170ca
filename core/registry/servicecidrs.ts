import { Cidr, canonicalCidrProblem } from '#core/api/ip.ts';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { allMetadata, resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

export const serviceCidrs = resource<ServiceCIDR>({
  kind: ServiceCIDR,
  hasStatus: true,
  statusKeeps: allMetadata,
  allowsUnconditionalUpdate: true,

  validate({ spec: { cidrs = [] } }, errors) {
    const field = FieldPath.root(errors).at('spec', 'cidrs');
    if (cidrs.length === 0) return field.required('at least one CIDR required');
    if (cidrs.length > 2) return field.invalid(cidrs, 'may only hold up to 2 values');
    for (const [i, cidr] of cidrs.entries()) field.at(i).check(cidr, canonicalCidrProblem(cidr));
    const families = cidrs.map((cidr) => Cidr.parse(cidr)?.family);
    if (families.length === 2 && families[0] !== undefined && families[0] === families[1]) {
      field.invalid(cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64');
    }
  },
  validateUpdate({ spec: { cidrs: now = [] } }, { spec: { cidrs: old = [] } }, errors) {
    const field = FieldPath.root(errors).at('spec', 'cidrs');
    const grows = old.length === 1 && now.length === 2;
    if (now.length !== old.length && !grows) return field.invalid(now, 'field is immutable');
    for (const [i, cidr] of old.entries()) if (now[i] !== cidr) field.at(i).invalid(now[i], 'field is immutable');
  },

  columns: [
    nameColumn,
    { name: 'CIDRs', type: 'string', description: 'The ranges.', cell: ({ spec }) => (spec.cidrs ?? []).join(',') },
    ageColumn,
  ],
});
