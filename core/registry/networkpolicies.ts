import { Cidr, cidrProblem } from '#core/api/ip.ts';
import { NetworkPolicy, type IPBlock, type NetworkPolicyPeer, type NetworkPolicyPort, type NetworkPolicySpec } from '#core/api/schema/networking-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { rangeWarnings } from './rules/addresses.ts';
import { FieldPath } from './rules/field-path.ts';
import { selectorText } from './rules/printing.ts';
import { validateLabelSelector } from './rules/selectors.ts';
import { portNumberProblem, portProblem } from './rules/syntax.ts';

function validatePort({ port, endPort }: NetworkPolicyPort, field: FieldPath): void {
  const problem = port === undefined ? undefined : portProblem(port);
  if (problem !== undefined) field.at('port').invalid(port, problem);
  if (endPort === undefined) return;
  const at = field.at('endPort');
  if (port === undefined) at.invalid(endPort, 'may not be specified when `port` is not specified');
  else if (typeof port === 'string') at.invalid(endPort, 'may not be specified when `port` is non-numeric');
  else if (endPort < port) at.invalid(endPort, 'must be greater than or equal to `port`');
  else if (portNumberProblem(endPort) !== undefined) at.invalid(endPort, portNumberProblem(endPort) ?? '');
}

function validateBlock({ cidr, except = [] }: IPBlock, field: FieldPath): void {
  field.at('cidr').name(cidr, cidrProblem);
  const range = Cidr.parse(cidr);
  for (const [i, text] of except.entries()) {
    const at = field.at('except', i);
    if (at.check(text, cidrProblem(text))) continue;
    const hole = Cidr.parse(text);
    if (range === undefined || hole === undefined) continue;
    if (!range.containsRange(hole) || range.prefixLength === hole.prefixLength) at.invalid(text, 'must be a strict subset of `cidr`');
  }
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, field: FieldPath): void {
  validateLabelSelector(podSelector, field.at('podSelector'));
  validateLabelSelector(namespaceSelector, field.at('namespaceSelector'));
  if (ipBlock !== undefined) validateBlock(ipBlock, field.at('ipBlock'));
  const selects = podSelector !== undefined || namespaceSelector !== undefined;
  if (!selects && ipBlock === undefined) field.required('must specify a peer');
  else if (selects && ipBlock !== undefined) field.forbidden('may not specify both ipBlock and another peer');
}

interface Rule {
  readonly ports?: readonly NetworkPolicyPort[] | undefined;
  readonly peers: readonly NetworkPolicyPeer[];
}

/** Every rule with its place in the object and the name of its peers. */
function* rulesOf({ ingress = [], egress = [] }: NetworkPolicySpec): Generator<readonly [direction: string, i: number, peers: string, rule: Rule]> {
  for (const [i, { ports, from = [] }] of ingress.entries()) yield ['ingress', i, 'from', { ports, peers: from }];
  for (const [i, { ports, to = [] }] of egress.entries()) yield ['egress', i, 'to', { ports, peers: to }];
}

function validateRules(spec: NetworkPolicySpec, field: FieldPath): void {
  for (const [direction, i, name, { ports = [], peers }] of rulesOf(spec)) {
    const at = field.at(direction, i);
    for (const [j, port] of ports.entries()) validatePort(port, at.at('ports', j));
    for (const [j, peer] of peers.entries()) validatePeer(peer, at.at(name, j));
  }
}

function* blockWarnings(spec: NetworkPolicySpec): Generator<string> {
  for (const [direction, i, name, { peers }] of rulesOf(spec)) {
    for (const [j, { ipBlock }] of peers.entries()) {
      if (ipBlock === undefined) continue;
      const path = `spec.${direction}[${i}].${name}[${j}].ipBlock`;
      yield* rangeWarnings(ipBlock.cidr, `${path}.cidr`);
      for (const [k, text] of (ipBlock.except ?? []).entries()) yield* rangeWarnings(text, `${path}.except[${k}]`);
    }
  }
}

export const networkPolicies = resource<NetworkPolicy>({
  kind: NetworkPolicy,
  shortNames: ['netpol'],
  hasStatus: false,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,

  defaults({ spec }) {
    spec.policyTypes ??= (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateLabelSelector(spec.podSelector, field.at('podSelector'));
    validateRules(spec, field);
    if ((spec.policyTypes ?? []).length > 2) field.at('policyTypes').invalid(spec.policyTypes, 'may not specify more than two policyTypes');
  },
  warnings: ({ spec }) => [...blockWarnings(spec)],

  columns: [
    nameColumn,
    { name: 'Pod-Selector', type: 'string', description: 'Labels of the pods that it rules.', cell: ({ spec }) => selectorText(spec.podSelector) },
    ageColumn,
  ],
});
