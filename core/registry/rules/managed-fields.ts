import { longestManagerName, unprintableIn } from '#core/api/managed-fields/manager-name.ts';
import type { ManagedFieldsEntry } from '#core/api/schema/meta.ts';
import type { FieldPath } from './field-path.ts';

const longestSubresource = 256;

/** Rules for entries that clients may send as they like. Their sets of fields have been read already. */
export function validateManagedFields(entries: readonly ManagedFieldsEntry[] | undefined, field: FieldPath): void {
  for (const [i, { manager = '', subresource = '', operation, fieldsType = '' }] of (entries ?? []).entries()) {
    const entry = field.at(i);
    if (operation !== 'Apply' && operation !== 'Update') entry.at('operation').invalid(operation ?? '', 'must be `Apply` or `Update`');
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') entry.at('fieldsType').invalid(fieldsType, 'must be `FieldsV1`');
    if (Buffer.byteLength(manager) > longestManagerName) entry.at('manager').tooLong(longestManagerName);
    for (const problem of unprintableIn(manager)) entry.at('manager').invalid(manager, problem);
    if (Buffer.byteLength(subresource) > longestSubresource) entry.at('subresource').tooLong(longestSubresource);
  }
}
