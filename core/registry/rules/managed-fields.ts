import { longestManagerName, unprintableIn } from '#core/api/managed-fields/manager-name.ts';
import type { ManagedFieldsEntry } from '#core/api/schema/meta.ts';
import type { FieldPath } from './field-path.ts';

const longestSubresource = 256;

/** Rules for entries that clients may send as they like. Their sets of fields have been read already. */
export function validateManagedFields(entries: readonly ManagedFieldsEntry[] | undefined, field: FieldPath): void {
  for (const [i, entry] of (entries ?? []).entries()) validateEntry(entry, field.at(i));
}

function validateEntry({ manager = '', subresource = '', operation, fieldsType }: ManagedFieldsEntry, field: FieldPath): void {
  if (operation !== 'Apply' && operation !== 'Update') field.at('operation').invalid(operation ?? '', 'must be `Apply` or `Update`');
  if (fieldsType && fieldsType !== 'FieldsV1') field.at('fieldsType').invalid(fieldsType, 'must be `FieldsV1`');
  if (Buffer.byteLength(manager) > longestManagerName) field.at('manager').tooLong(longestManagerName);
  for (const problem of unprintableIn(manager)) field.at('manager').invalid(manager, problem);
  if (Buffer.byteLength(subresource) > longestSubresource) field.at('subresource').tooLong(longestSubresource);
}
