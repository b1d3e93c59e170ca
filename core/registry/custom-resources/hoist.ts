import type { CustomResourceDefinitionSpec, CustomResourceDefinitionVersion } from '#core/api/schema/apiextensions-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';

type Part = 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields';

/** One part of one or all versions, and what messages call the place. */
export interface Placed<K extends Part> {
  readonly value: NonNullable<CustomResourceDefinitionVersion[K]>;
  readonly field: FieldPath;
  /** The versions that it belongs to. */
  readonly versions: readonly CustomResourceDefinitionVersion[];
}

/** Upstream's internal version has what all versions share at the top, and calls the schema there `validation`. */
const topNames: Record<Part, string> = {
  schema: 'validation', subresources: 'subresources', additionalPrinterColumns: 'additionalPrinterColumns', selectableFields: 'selectableFields',
};

/** The values of a part, once when all versions have the same. */
export function placesOf<K extends Part>({ versions }: CustomResourceDefinitionSpec, part: K, field: FieldPath): readonly Placed<K>[] {
  const [first] = versions;
  const shared = versions.every((version) => deepEqual(version[part], first?.[part]));
  const value = first?.[part];
  if (shared) return value === undefined ? [] : [{ value, field: field.at(topNames[part]), versions }];
  return versions.flatMap((version, i) => {
    const own = version[part];
    return own === undefined ? [] : [{ value: own, field: field.at('versions', i, part), versions: [version] }];
  });
}
