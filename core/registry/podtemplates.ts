import { PodTemplate } from '#core/api/schema/core-v1/pod-template.ts';
import { deepEqual } from '#core/api/value.ts';
import { nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { defaultPodTemplate } from './rules/pod-defaults.ts';
import { validatePodTemplate } from './rules/pod-template.ts';
import { podSpecWarnings } from './rules/pod-warnings.ts';
import { labelsText } from './rules/printing.ts';
import { imagesText, namesText } from './rules/workload-columns.ts';

export const podTemplates = resource<PodTemplate>({
  kind: PodTemplate,
  hasStatus: false,
  tracksGeneration: true,
  countsAsChange: ({ template }, old) => !deepEqual(template, old.template),
  allowsUnconditionalUpdate: true,

  defaults: ({ template }) => defaultPodTemplate(template),
  validate: ({ template }, errors) => validatePodTemplate(template, FieldPath.root(errors).at('template')),
  warnings: ({ template }) => podSpecWarnings(template.spec, 'template.spec'),

  columns: [
    nameColumn,
    { name: 'Containers', type: 'string', description: 'Names of the containers.', cell: ({ template }) => namesText(template.spec.containers) },
    { name: 'Images', type: 'string', description: 'Images of the containers.', cell: ({ template }) => imagesText(template.spec.containers) },
    { name: 'Pod Labels', type: 'string', description: 'Labels of the pod.', cell: ({ template }) => labelsText(template.metadata.labels) },
  ],
});
