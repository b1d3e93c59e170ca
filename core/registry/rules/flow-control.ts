import { dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';
import type {
  ExemptPriorityLevelConfiguration, LimitedPriorityLevelConfiguration, NonResourcePolicyRule, PolicyRulesWithSubjects, QueuingConfiguration, ResourcePolicyRule, Subject,
} from '#core/api/schema/flowcontrol-v1.ts';
import type { FieldPath } from './field-path.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

function validateVerbs(given: readonly string[], field: FieldPath): void {
  if (given.length === 0) return field.required('verbs must contain at least one value');
  if (given.includes('*')) return given.length > 1 ? field.invalid(given, "if '*' is present, must not specify other verbs") : undefined;
  if (!given.every((verb) => verbs.includes(verb))) field.notSupported(given, verbs);
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const star = path.indexOf('*');
  return star < 0 || (star === path.length - 1 && path.endsWith('/*')) ? undefined : 'wildcard can only do suffix matching';
}

function validateNonResourceRule({ verbs: given, nonResourceURLs: urls }: NonResourcePolicyRule, field: FieldPath): void {
  validateVerbs(given, field.at('verbs'));
  const at = field.at('nonResourceURLs');
  if (urls.length === 0) return at.required('nonResourceURLs must contain at least one value');
  if (urls.includes('*')) return urls.length > 1 ? at.invalid(urls, "if '*' is present, must not specify other non-resource URLs") : undefined;
  for (const [i, url] of urls.entries()) at.at(i).check(url, pathProblem(url));
}

/** Not empty, and with a star alone. */
function validateStarred(values: readonly string[], required: string, others: string, field: FieldPath): void {
  if (values.length === 0) field.required(required);
  else if (values.length > 1 && values.includes('*')) field.invalid(values, `if '*' is present, must not specify other ${others}`);
}

function validateResourceRule({ verbs: given, apiGroups, resources, clusterScope = false, namespaces = [] }: ResourcePolicyRule, field: FieldPath): void {
  validateVerbs(given, field.at('verbs'));
  validateStarred(apiGroups, 'resource rules must supply at least one api group', 'api groups', field.at('apiGroups'));
  validateStarred(resources, 'resource rules must supply at least one resource', 'resources', field.at('resources'));
  const at = field.at('namespaces');
  if (namespaces.length === 0 && !clusterScope) return at.required('resource rules that are not cluster scoped must supply at least one namespace');
  if (namespaces.includes('*')) return namespaces.length > 1 ? at.invalid(namespaces, "if '*' is present, must not specify other namespaces") : undefined;
  for (const [i, namespace] of namespaces.entries()) {
    const problem = dnsLabelProblem(namespace);
    if (problem !== undefined) at.at(i).invalid(namespace, `each member of this list must be '*' or a DNS-1123 label; ${problem}`);
  }
}

const fieldOfKind = { User: 'user', Group: 'group', ServiceAccount: 'serviceAccount' } as const;

function validateSubject(subject: Subject, field: FieldPath): void {
  for (const [kind, name] of Object.entries(fieldOfKind)) {
    if (kind === subject.kind && subject[name] === undefined) field.at(name).required(`${name} is required when subject kind is '${kind}'`);
    if (kind !== subject.kind && subject[name] !== undefined) field.at(name).forbidden(`${name} is forbidden when subject kind is not '${kind}'`);
  }
  const named = subject[fieldOfKind[subject.kind]];
  if (named === undefined) return;
  const at = field.at(fieldOfKind[subject.kind]);
  if (named.name === '') at.at('name').required();
  if (!('namespace' in named)) return;
  if (named.name !== '*') at.at('name').optional(named.name, dnsSubdomainProblem);
  if (named.namespace === '') at.at('namespace').required('must specify namespace for service account');
  else at.at('namespace').check(named.namespace, dnsLabelProblem(named.namespace));
}

export function validateFlowRule({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects, field: FieldPath): void {
  if (subjects.length === 0) field.at('subjects').required('subjects must contain at least one value');
  for (const [i, subject] of subjects.entries()) if (Object.hasOwn(fieldOfKind, subject.kind)) validateSubject(subject, field.at('subjects', i));
  if (resourceRules.length + nonResourceRules.length === 0) field.required('at least one of resourceRules and nonResourceRules has to be non-empty');
  for (const [i, rule] of resourceRules.entries()) validateResourceRule(rule, field.at('resourceRules', i));
  for (const [i, rule] of nonResourceRules.entries()) validateNonResourceRule(rule, field.at('nonResourceRules', i));
}

const mostQueues = 10_000_000;
/** Bits of the hash from which a flow's queues are dealt. */
const hashBits = 60;

function validateQueuing({ queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration, field: FieldPath): void {
  if (queueLengthLimit <= 0) field.at('queueLengthLimit').invalid(queueLengthLimit, 'must be positive');
  if (queues <= 0) field.at('queues').invalid(queues, 'must be positive');
  else if (queues > mostQueues) field.at('queues').invalid(queues, `must not be greater than ${mostQueues}`);
  const hand = field.at('handSize');
  const bits = Math.ceil(Math.log2(Math.max(queues, 1)) * handSize);
  if (handSize <= 0) hand.invalid(handSize, 'must be positive');
  else if (handSize > queues) hand.invalid(handSize, `should not be greater than queues (${queues})`);
  else if (bits > hashBits) hand.invalid(handSize, `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`);
}

function validateShares({ nominalConcurrencyShares: shares, lendablePercent: lendable }: ExemptPriorityLevelConfiguration, field: FieldPath): void {
  if (shares !== undefined && shares < 0) field.at('nominalConcurrencyShares').invalid(shares, 'must be a non-negative integer');
  if (lendable !== undefined && (lendable < 0 || lendable > 100)) field.at('lendablePercent').invalid(lendable, 'must be between 0 and 100, inclusive');
}

export function validateExemptLevel(level: ExemptPriorityLevelConfiguration, field: FieldPath): void {
  validateShares(level, field);
}

export function validateLimitedLevel(level: LimitedPriorityLevelConfiguration, field: FieldPath): void {
  validateShares(level, field);
  const { limitResponse: { type, queuing }, borrowingLimitPercent: borrowing } = level;
  if (borrowing !== undefined && borrowing < 0) field.at('borrowingLimitPercent').invalid(borrowing, 'if specified, must be a non-negative integer');
  const at = field.at('limitResponse', 'queuing');
  if (type === 'Reject' && queuing !== undefined) at.forbidden('must be nil if limited.limitResponse.type is not Limited');
  if (type !== 'Queue') return;
  if (queuing === undefined) at.required('must not be empty if limited.limitResponse.type is Limited');
  else validateQueuing(queuing, at);
}

/** Conditions of schemas and levels: each type once. */
export function validateFlowConditions(conditions: readonly { readonly type: string }[] | undefined, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, { type }] of (conditions ?? []).entries()) {
    if (seen.has(type)) field.at(i, 'type').duplicate(type);
    if (type === '') field.at(i, 'type').required('must not be empty');
    seen.add(type);
  }
}
