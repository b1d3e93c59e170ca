import { dnsSubdomainProblem } from '#core/api/names.ts';
import type { FieldPath } from './field-path.ts';
import { driverName } from './sources.ts';

const maxPool = 253;
const maxIdentifier = 32;

/** Parts like host names, divided by slashes. */
export function validatePoolName(name: string, field: FieldPath): void {
  if (name === '') return field.required();
  if (name.length > maxPool) return field.tooLong(maxPool);
  for (const part of name.split('/')) field.check(part, dnsSubdomainProblem(part));
}

function validateIdentifier(id: string, field: FieldPath): void {
  if (id.length > maxIdentifier) return field.tooLong(maxIdentifier);
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(id)) return;
  field.invalid(id, "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' " +
    "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')");
}

/** The name of an attribute or capacity: `name`, or `domain/name` for those of others. */
export function validateQualifiedName(name: string, field: FieldPath): void {
  const parts = name.split('/');
  if (parts.length > 2) return field.invalid(name, 'must not contain more than one slash');
  const [id = '', domain] = parts.toReversed();
  if (domain === '') field.invalid('', 'the domain must not be empty');
  else if (domain !== undefined) driverName(domain, field);
  if (id === '' && domain !== undefined) field.invalid('', 'the name must not be empty');
  else validateIdentifier(id, field);
}

export function validateFullyQualifiedName(name: string, field: FieldPath): void {
  validateQualifiedName(name, field);
  if (!name.includes('/')) field.invalid(name, 'a fully qualified name must be a domain and a name separated by a slash');
}

export const shareIdProblem = (id: string): string | undefined => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? undefined
  : 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters');
