import { qualifiedNameProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { FieldPath } from './field-path.ts';

/** Amounts by the name of what they measure (`cpu`, `requests.storage`). */
export type Amounts = Readonly<Record<string, string>> | undefined;

const milli = 1_000_000n;
const zero = new Quantity(0n);

export function amountOf(amounts: Amounts, name: string): Quantity | undefined {
  const text = amounts !== undefined && Object.hasOwn(amounts, name) ? amounts[name] : undefined;
  return text === undefined ? undefined : Quantity.parse(text);
}

/** The canonical text of an amount; `0` when it is not there, as kubectl prints it. */
export const amountText = (amounts: Amounts, name: string): string => (amountOf(amounts, name) ?? zero).toString();

/** Names without a prefix, and those under kubernetes.io, belong to Kubernetes itself. */
export const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** Such as `example.com/gpu`: counted in whole units and never overcommitted. */
export const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedNameProblem(`requests.${name}`) === undefined;
export const allowsOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);

const counted = new Set([
  'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims',
  'services.nodeports', 'services.loadbalancers',
]);
const ofContainers = new Set(['cpu', 'memory', 'ephemeral-storage']);
const ofQuotas = new Set([
  ...counted, ...ofContainers, 'requests.cpu', 'requests.memory', 'requests.storage', 'requests.ephemeral-storage',
  'limits.cpu', 'limits.memory', 'limits.ephemeral-storage',
]);
export const isQuotaName = (name: string): boolean => ofQuotas.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');

export function notNegative(amount: Quantity, field: FieldPath): void {
  if (amount.compare(zero) < 0) field.invalid(amount.toString(), 'must be greater than or equal to 0');
}

export function positive(amount: Quantity, field: FieldPath): void {
  if (amount.compare(zero) <= 0) field.invalid(amount.toString(), 'must be greater than zero');
}

/** Not negative, and whole where things are counted. */
export function validateAmount(name: string, text: string, field: FieldPath): void {
  const amount = Quantity.parse(text);
  notNegative(amount, field);
  if ((counted.has(name) || isExtended(name)) && amount.nanos % (1000n * milli) !== 0n) field.invalid(text, 'must be an integer');
}

/** What can be measured at all: a name that is known, or one with a prefix. */
export function validateResourceName(name: string, field: FieldPath): void {
  const bad = field.check(name, qualifiedNameProblem(name));
  if (!bad && !name.includes('/') && name !== 'storage' && !isQuotaName(name)) field.invalid(name, 'must be a standard resource type or fully qualified');
}

export function validateQuotaAmounts(amounts: Amounts, field: FieldPath): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const at = field.key(name);
    validateResourceName(name, at);
    if (!name.includes('/') && !isQuotaName(name)) at.invalid(name, 'must be a standard resource for quota');
    validateAmount(name, text, at);
  }
}

export function validateContainerResourceName(name: string, field: FieldPath): void {
  validateResourceName(name, field);
  if (!name.includes('/')) {
    if (!ofContainers.has(name) && !isHugePages(name)) field.invalid(name, 'must be a standard resource for containers');
  } else if (!isNative(name) && !isExtended(name)) field.invalid(name, "doesn't follow extended resource name standard");
}

function validateContainerAmounts(amounts: Amounts, field: FieldPath): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const at = field.key(name);
    validateContainerResourceName(name, at);
    validateAmount(name, text, at);
    if (isHugePages(name) && !wholePages(name, text)) at.invalid(text, `${text} is not positive integer multiple of ${name}`);
  }
}

function wholePages(name: string, text: string): boolean {
  const size = name.slice('hugepages-'.length);
  if (!Quantity.isValid(size)) return false;
  const page = Quantity.parse(size).nanos;
  return page > 0n && Quantity.parse(text).nanos % page === 0n;
}

function compareToLimit(name: string, request: string, limit: Quantity, field: FieldPath): void {
  const comparison = Quantity.parse(request).compare(limit);
  if (comparison !== 0 && !allowsOvercommit(name)) field.invalid(request, `must be equal to ${name} limit of ${limit.toString()}`);
  else if (comparison > 0) field.invalid(request, `must be less than or equal to ${name} limit of ${limit.toString()}`);
}

export interface Requirements {
  readonly limits?: Amounts;
  readonly requests?: Amounts;
}

/** What a container asks for: known names, no request above its limit. */
export function validateRequirements({ limits, requests }: Requirements, field: FieldPath): void {
  validateContainerAmounts(limits, field.at('limits'));
  validateContainerAmounts(requests, field.at('requests'));
  for (const [name, text] of Object.entries(requests ?? {})) {
    const limit = amountOf(limits, name);
    if (limit !== undefined) compareToLimit(name, text, limit, field.at('requests'));
    else if (!allowsOvercommit(name)) field.at('limits').required('Limit must be set for non overcommitable resources');
  }
  const names = [...Object.keys(limits ?? {}), ...Object.keys(requests ?? {})];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) field.forbidden('HugePages require cpu or memory');
}
