import { CustomResourceDefinition, type CustomResourceDefinitionCondition } from '#core/api/schema/apiextensions-v1.ts';
import { validateDefinition, validateIdentity } from './custom-resources/spec.ts';
import { validateNames } from './custom-resources/names.ts';
import { forCreate, forUpdate, isEstablished } from './custom-resources/options.ts';
import { nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

/** Keeps a definition until all its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** Puts a condition into the list, in place of the one of its type. The time of its last change stays when the status does. */
export function setCondition({ status }: CustomResourceDefinition, condition: CustomResourceDefinitionCondition, now: string): void {
  const old = status.conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime ?? now : now;
  const next = { ...condition, lastTransitionTime };
  if (old) status.conditions = status.conditions.map((each) => (each === old ? next : each));
  else status.conditions.push(next);
}

/** Versions in which objects may be stored: those that were the storage version at any time stay until somebody removes them. */
function noteStorage({ spec, status }: CustomResourceDefinition): void {
  const stored = spec.versions.find(({ storage }) => storage)?.name;
  if (stored !== undefined && !status.storedVersions.includes(stored)) status.storedVersions.push(stored);
}

export const customResourceDefinitions = resource<CustomResourceDefinition>({
  kind: CustomResourceDefinition,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: false,
  deletionFinalizers: [cleanupFinalizer],

  defaults({ spec }) {
    const { names } = spec;
    if ((names.singular ?? '') === '') names.singular = names.kind.toLowerCase();
    if ((names.listKind ?? '') === '' && names.kind !== '') names.listKind = `${names.kind}List`;
    spec.conversion ??= { strategy: 'None' };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service) service.port ??= 443;
  },
  prepareForCreate: noteStorage,
  prepareForUpdate: noteStorage,
  prepareForDelete(definition) {
    setCondition(definition, {
      type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    }, definition.metadata.deletionTimestamp ?? '');
  },

  validateCreate(definition, errors) {
    validateDefinition(definition, undefined, forCreate, errors);
  },
  validateUpdate(definition, old, errors) {
    validateDefinition(definition, old, forUpdate(definition, old), errors);
    validateIdentity(definition, old, isEstablished(old), errors);
  },
  validateStatus({ status }, _old, errors) {
    validateNames(status.acceptedNames, FieldPath.root(errors).at('status', 'acceptedNames'));
  },

  columns: [
    nameColumn,
    { name: 'Created At', type: 'date', description: 'When the definition was made.', cell: ({ metadata }) => metadata.creationTimestamp },
  ],
});
