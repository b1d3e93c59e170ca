import type { Container } from '#core/api/schema/core-v1/container.ts';
import type { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { LabelSelector } from '#core/api/schema/meta.ts';
import type { Column } from '#core/registry/resource.ts';
import { selectorText } from './printing.ts';

export const namesText = (containers: readonly Container[]): string => containers.map(({ name }) => name).join(',');
export const imagesText = (containers: readonly Container[]): string => containers.map(({ image = '' }) => image).join(',');

/** The columns about a workload's template, shown with `-o wide`. */
export const containerColumns = <T>(templateOf: (object: T) => PodTemplateSpec | undefined): readonly Column<T>[] => [
  {
    name: 'Containers', type: 'string', priority: 1, description: 'Names of the containers.',
    cell: (object) => namesText(templateOf(object)?.spec.containers ?? []),
  },
  {
    name: 'Images', type: 'string', priority: 1, description: 'Images of the containers.',
    cell: (object) => imagesText(templateOf(object)?.spec.containers ?? []),
  },
];

export const selectorColumn = <T>(selectorOf: (object: T) => LabelSelector | undefined): Column<T> => ({
  name: 'Selector', type: 'string', priority: 1, description: 'Which pods are its own.',
  cell: (object) => selectorText(selectorOf(object) ?? {}),
});
