import { canonicalIpProblem } from '#core/api/ip.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import { IPAddress, type ParentReference } from '#core/api/schema/networking-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { pathSegmentProblem } from './rules/host-names.ts';

function parentText({ spec }: IPAddress): string {
  const { group = '', resource: plural, namespace = '', name } = spec.parentRef;
  const named = (group === '' ? plural : `${plural}.${group}`).toLowerCase();
  return [named, ...(namespace === '' ? [] : [namespace]), name].join('/');
}

export const ipAddresses = resource<IPAddress>({
  kind: IPAddress,
  shortNames: ['ip'],
  hasStatus: false,
  allowsUnconditionalUpdate: true,
  nameProblem: canonicalIpProblem,

  validate({ spec }, errors) {
    const { parentRef: parent }: { parentRef?: ParentReference } = spec;
    const field = FieldPath.root(errors).at('spec', 'parentRef');
    if (parent === undefined) return field.required();
    field.at('group').optional(parent.group, dnsSubdomainProblem);
    field.at('resource').name(parent.resource, pathSegmentProblem);
    field.at('name').name(parent.name, pathSegmentProblem);
    field.at('namespace').optional(parent.namespace, pathSegmentProblem);
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    if (!deepEqual(spec.parentRef, old.parentRef)) errors.invalid('spec.parentRef', spec.parentRef, 'field is immutable');
  },

  columns: [
    nameColumn,
    { name: 'ParentRef', type: 'string', description: 'The object that holds the address.', cell: (address) => ('parentRef' in address.spec ? parentText(address) : '<none>') },
  ],
});
