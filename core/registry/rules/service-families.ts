import { ipFamilyOf, ipProblem } from '#core/api/ip.ts';
import type { ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import type { FieldPath } from './field-path.ts';

/** A service without an address of its own. */
export const isHeadless = ({ clusterIPs }: ServiceSpec): boolean => clusterIPs?.length === 1 && clusterIPs[0] === 'None';

function validateFirst({ clusterIP = '', clusterIPs = [] }: ServiceSpec, field: FieldPath): void {
  if (clusterIP === '') {
    if (clusterIPs.length > 0) field.invalid(clusterIPs, 'must be empty when `clusterIP` is not specified');
  } else if (clusterIPs.length === 0) {
    field.required();
  } else if (clusterIPs[0] !== clusterIP) {
    field.invalid(clusterIPs, 'first value must match `clusterIP`');
  }
}

function validateDuplicates(families: readonly string[], field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, family] of families.entries()) {
    if (seen.has(family)) field.at(i).duplicate(family);
    seen.add(family);
  }
}

/** Returns whether every one is an address, or None where that may stand. */
function validateEach(clusterIPs: readonly string[], field: FieldPath): boolean {
  let valid = true;
  for (const [i, ip] of clusterIPs.entries()) {
    if (i === 0 && ip === 'None') {
      if (clusterIPs.length === 1) continue;
      field.invalid(clusterIPs, "'None' must be the first and only value");
      valid = false;
    } else if (field.at(i).check(ip, ipProblem(ip))) {
      valid = false;
    }
  }
  if (clusterIPs.length > 2) field.invalid(clusterIPs, 'may only hold up to 2 values');
  return valid;
}

/** Addresses and families of a service that is not of type ExternalName, as far as one service tells. What is absent is assigned. */
export function validateServiceFamilies(spec: ServiceSpec, field: FieldPath): void {
  const { clusterIPs = [], ipFamilies = [] } = spec;
  const at = field.at('clusterIPs');
  validateFirst(spec, at);
  validateDuplicates(ipFamilies, field.at('ipFamilies'));
  if (!validateEach(clusterIPs, at)) return;
  if (clusterIPs.length > 1 && (clusterIPs.length > 2 || new Set(clusterIPs.map(ipFamilyOf)).size < 2)) {
    at.invalid(clusterIPs, 'may specify no more than one IP for each IP family');
  }
  if (isHeadless(spec)) return;
  for (const [i, ip] of clusterIPs.entries()) {
    const family = ipFamilies[i];
    if (family !== undefined && ipFamilyOf(ip) !== family) at.at(i).invalid(ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``);
  }
}

interface Pair {
  readonly list: 'clusterIPs' | 'ipFamilies';
  readonly one: string;
}

function validateStep(spec: ServiceSpec, old: ServiceSpec, { list, one }: Pair, field: FieldPath): void {
  const before: readonly string[] = old[list] ?? [];
  const now: readonly string[] = spec[list] ?? [];
  const at = field.at(list);
  if (now.length === 0 && before.length > 0) return at.at(0).invalid(now, `primary ${one} can not be unset`);
  const kept = before.length === now.length ? before : before.slice(0, 1);
  for (const [i, each] of kept.entries()) if (each !== now[i]) at.at(i).invalid(now, 'may not change once set');
  if (before.length > now.length && spec.ipFamilyPolicy !== 'SingleStack') {
    field.at('ipFamilyPolicy').invalid(spec.ipFamilyPolicy ?? null, `must be set to 'SingleStack' when releasing the secondary ${one}`);
  }
}

/** The first address and family stay for the life of a service; the second may come and go. ExternalName starts afresh. */
export function validateServiceFamiliesUpdate(spec: ServiceSpec, old: ServiceSpec, field: FieldPath): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return;
  const [headless, wasHeadless] = [isHeadless(spec), isHeadless(old)];
  if (!(headless && wasHeadless)) validateStep(spec, old, { list: 'clusterIPs', one: 'clusterIP' }, field);
  if (!headless && !wasHeadless) validateStep(spec, old, { list: 'ipFamilies', one: 'ipFamily' }, field);
}
