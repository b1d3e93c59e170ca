import type { KindOf } from '#core/api/schema/kind.ts';
import { always, list, merged, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const NamespaceSpec = core.type('NamespaceSpec', 'What holds a namespace.', {
  finalizers: [1, list(string), 'Who must act before the namespace can go; kubernetes stands for its content.'],
});
export type NamespaceSpec = Of<typeof NamespaceSpec>;

export const NamespaceCondition = core.type('NamespaceCondition', 'One aspect of a namespace\'s deletion.', {
  type: [1, required(string), 'Name of the aspect, such as NamespaceContentRemaining.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [4, time, 'When status last changed.'],
  reason: [5, string, 'One word in CamelCase for programs.'],
  message: [6, string, 'A sentence for people.'],
});
export type NamespaceCondition = Of<typeof NamespaceCondition>;

export const NamespaceStatus = core.type('NamespaceStatus', 'How a namespace stands.', {
  phase: [1, withDefault(string, 'Active'), 'Active or Terminating.'],
  conditions: [2, merged(NamespaceCondition, ['type']), 'What holds up its deletion.'],
});
export type NamespaceStatus = Of<typeof NamespaceStatus>;

export const Namespace = core.kind('Namespace', 'A scope for names; everything in it goes with it.', {
  spec: [2, always(NamespaceSpec), 'What holds the namespace.'],
  status: [3, always(NamespaceStatus), 'How it stands.'],
}, { namespaced: false });
export type Namespace = KindOf<typeof Namespace>;
