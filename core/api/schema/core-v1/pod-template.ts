import type { KindOf } from '#core/api/schema/kind.ts';
import { always } from '#core/api/schema/type.ts';
import { core } from './core.ts';
import { PodTemplateSpec } from './pod.ts';

export const PodTemplate = core.kind('PodTemplate', 'A pod to be made, kept for others to use.', {
  template: [2, always(PodTemplateSpec), 'The pod.'],
});
export type PodTemplate = KindOf<typeof PodTemplate>;
