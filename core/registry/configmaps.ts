import type { FieldErrors } from '#core/api/field-errors.ts';
import { dataKeyProblem } from '#core/api/names.ts';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { deepEqual } from '#core/api/value.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

/** Of all values together, as they are once decoded. */
export const maxDataBytes = 1024 * 1024;

interface Data {
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What ConfigMaps and Secrets that were declared immutable have in common. */
export function validateImmutable(now: Data, old: Data, errors: FieldErrors): void {
  if (old.immutable !== true) return;
  const why = 'field is immutable when `immutable` is set';
  if (now.immutable !== true) errors.forbidden('immutable', why);
  for (const name of ['data', 'binaryData'] as const) if (!deepEqual(now[name] ?? {}, old[name] ?? {})) errors.forbidden(name, why);
}

export const configMaps = resource<ConfigMap>({
  kind: ConfigMap,
  shortNames: ['cm'],
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  validate({ data = {}, binaryData = {} }, errors) {
    const root = FieldPath.root(errors);
    let total = 0;
    for (const [key, value] of Object.entries(data)) {
      const field = root.at('data').key(key);
      field.check(key, dataKeyProblem(key));
      if (Object.hasOwn(binaryData, key)) field.invalid(key, 'duplicate of key present in binaryData');
      total += Buffer.byteLength(value);
    }
    for (const [key, value] of Object.entries(binaryData)) {
      root.at('binaryData').key(key).check(key, dataKeyProblem(key));
      total += Buffer.byteLength(value, 'base64');
    }
    if (total > maxDataBytes) root.tooLong(maxDataBytes);
  },
  validateUpdate: validateImmutable,

  columns: [
    nameColumn,
    {
      name: 'Data', type: 'string', description: 'Number of keys.',
      cell: ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length,
    },
    ageColumn,
  ],
});
