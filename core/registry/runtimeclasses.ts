import { dnsLabelProblem } from '#core/api/names.ts';
import { RuntimeClass } from '#core/api/schema/node-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateRequirements } from './rules/amounts.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateTolerations } from './rules/scheduling.ts';
import { validateLabels } from './rules/selectors.ts';

export const runtimeClasses = resource<RuntimeClass>({
  kind: RuntimeClass,
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  validate({ handler, overhead, scheduling }, errors) {
    const root = FieldPath.root(errors);
    root.at('handler').name(handler, dnsLabelProblem);
    validateRequirements({ limits: overhead?.podFixed }, root.at('overhead'));
    validateLabels(scheduling?.nodeSelector, root.at('scheduling', 'nodeSelector'));
    validateTolerations(scheduling?.tolerations, root.at('scheduling', 'tolerations'));
  },
  validateUpdate: (runtimeClass, old, errors) => errors.immutable('handler', runtimeClass.handler, old.handler),

  columns: [
    nameColumn,
    { name: 'Handler', type: 'string', description: 'The handler\'s name on the nodes.', cell: ({ handler }) => handler },
    ageColumn,
  ],
});
