import type { KindOf } from '#core/api/schema/kind.ts';
import { merged, required, string, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const ComponentCondition = core.type('ComponentCondition', 'One aspect of a component\'s state.', {
  type: [1, required(string), 'Always Healthy.'],
  status: [2, required(string), 'True, False or Unknown.'],
  message: [3, string, 'What a health check said.'],
  error: [4, string, 'Why the health check failed.'],
});
export type ComponentCondition = Of<typeof ComponentCondition>;

export const ComponentStatus = core.kind('ComponentStatus', 'The health of a component of the control plane. Deprecated: ask its /livez.', {
  conditions: [2, merged(ComponentCondition, ['type']), 'Aspects of the component\'s state.'],
}, { plural: 'componentstatuses', namespaced: false });
export type ComponentStatus = KindOf<typeof ComponentStatus>;
