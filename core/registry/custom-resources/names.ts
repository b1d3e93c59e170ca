import type { CustomResourceDefinitionNames } from '#core/api/schema/apiextensions-v1.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';
import { serviceNameProblem as dns1035LabelProblem } from '#core/registry/rules/host-names.ts';
import { validateKindName } from './embedded.ts';

/** The syntax of names, of the wanted ones as of the accepted. */
export function validateNames(names: CustomResourceDefinitionNames, field: FieldPath): void {
  const { plural, singular, kind, listKind = '', shortNames = [], categories = [] } = names;
  field.at('plural').optional(plural, dns1035LabelProblem);
  field.at('singular').optional(singular, dns1035LabelProblem);
  if (kind !== '') validateKindName(kind, field.at('kind'));
  if (listKind !== '') validateKindName(listKind, field.at('listKind'));
  for (const [i, name] of shortNames.entries()) field.at('shortNames', i).check(name, dns1035LabelProblem(name));
  if (kind !== '' && kind === listKind) field.at('listKind').invalid(listKind, 'kind and listKind may not be the same');
  for (const [i, name] of categories.entries()) field.at('categories', i).check(name, dns1035LabelProblem(name));
}

/** Those that a definition must have. */
export function requireNames(names: CustomResourceDefinitionNames, field: FieldPath): void {
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if ((names[name] ?? '') === '') field.at(name).required();
  }
}
