import { labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { NodeProxyOptions } from '#core/api/schema/core-v1/proxy-options.ts';
import type { FieldErrors } from '#core/api/field-errors.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateAmount } from './rules/amounts.ts';
import { FieldPath } from './rules/field-path.ts';
import { proxySubresource } from './rules/proxy.ts';
import { cidrProblem, ipFamily } from './rules/syntax.ts';

/** One of two spellings is enough; the older one is the first range. */
function alignCidrs({ spec }: Node): void {
  const [first] = spec.podCIDRs ?? [];
  if (spec.podCIDR === undefined || spec.podCIDR === '') {
    if (first !== undefined) spec.podCIDR = first;
  } else if (first !== spec.podCIDR) {
    spec.podCIDRs = [spec.podCIDR];
  }
}

function validateTaints({ spec }: Node, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, taint] of (spec.taints ?? []).entries()) {
    const { key, value = '', effect } = taint;
    field.at(i, 'key').check(key, qualifiedNameProblem(key));
    field.at(i, 'value').check(value, labelValueProblem(value));
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) field.at(i).duplicate(taint);
    seen.add(pair);
  }
}

function validateCidrs({ spec }: Node, field: FieldPath): void {
  const cidrs = spec.podCIDRs ?? [];
  for (const [i, cidr] of cidrs.entries()) field.at(i).check(cidr, cidrProblem(cidr));
  const families = new Set(cidrs.map(ipFamily));
  if (cidrs.length > families.size) field.invalid(cidrs, 'may specify no more than one CIDR for each IP family');
}

function validateReport({ status }: Node, errors: FieldErrors): void {
  const field = FieldPath.root(errors).at('status');
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, amount] of Object.entries(status[list] ?? {})) validateAmount(name, amount, field.at(list, name));
  }
  const seen = new Set<string>();
  for (const [i, address] of (status.addresses ?? []).entries()) {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) field.at('addresses', i).duplicate(address);
    seen.add(key);
  }
}

const rolePrefix = 'node-role.kubernetes.io/';

function rolesText({ metadata }: Node): string {
  const labels = metadata.labels ?? {};
  const roles = Object.keys(labels).filter((key) => key.startsWith(rolePrefix)).map((key) => key.slice(rolePrefix.length));
  const named = [...roles, labels['kubernetes.io/role'] ?? ''].filter((role) => role !== '');
  return named.length === 0 ? '<none>' : [...new Set(named)].sort().join(',');
}

function statusText({ spec, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

const addressText = ({ status }: Node, type: string): string => status.addresses?.find((address) => address.type === type)?.address ?? '<none>';

export const nodes = resource<Node>({
  kind: Node,
  shortNames: ['no'],
  hasStatus: true,
  keepsStatusOnCreate: true,
  allowsUnconditionalUpdate: true,
  subresources: [proxySubresource(NodeProxyOptions)],

  defaults(node) {
    alignCidrs(node);
    const { status } = node;
    if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity };
  },
  validate(node, errors) {
    const spec = FieldPath.root(errors).at('spec');
    validateTaints(node, spec.at('taints'));
    validateCidrs(node, spec.at('podCIDRs'));
    validateReport(node, errors);
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    const [before, after] = [old.podCIDRs ?? [], spec.podCIDRs ?? []];
    if (before.length > 0 && before.join() !== after.join()) {
      errors.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid');
    }
    if ((old.providerID ?? '') !== '' && old.providerID !== spec.providerID) {
      errors.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid');
    }
    if ((old.externalID ?? '') !== (spec.externalID ?? '')) errors.forbidden('spec.externalID', 'may not be updated');
  },
  validateStatus: (node, _old, errors) => validateReport(node, errors),

  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'Whether the node is ready and takes pods.', cell: statusText },
    { name: 'Roles', type: 'string', description: 'Roles of the node, by its labels.', cell: rolesText },
    ageColumn,
    { name: 'Version', type: 'string', description: 'Version of the node agent.', cell: ({ status }) => status.nodeInfo.kubeletVersion },
    { name: 'Internal-IP', type: 'string', priority: 1, description: 'Address inside the cluster.', cell: (node) => addressText(node, 'InternalIP') },
    { name: 'External-IP', type: 'string', priority: 1, description: 'Address outside the cluster.', cell: (node) => addressText(node, 'ExternalIP') },
    { name: 'OS-Image', type: 'string', priority: 1, description: 'Operating system.', cell: ({ status }) => status.nodeInfo.osImage || '<unknown>' },
    { name: 'Kernel-Version', type: 'string', priority: 1, description: 'Version of the kernel.', cell: ({ status }) => status.nodeInfo.kernelVersion || '<unknown>' },
    {
      name: 'Container-Runtime', type: 'string', priority: 1, description: 'Container runtime and its version.',
      cell: ({ status }) => status.nodeInfo.containerRuntimeVersion || '<unknown>',
    },
  ],
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
});
