import type { KindOf } from '#core/api/schema/kind.ts';
import { int64, raw, required } from '#core/api/schema/type.ts';
import { apps } from './apps.ts';

export const ControllerRevision = apps.kind('ControllerRevision', 'A state that a controller may want to go back to, such as an old template.', {
  data: [2, required(raw), 'The state. Cannot change.'],
  revision: [3, required(int64), 'Its place in the history; higher is later.'],
});
export type ControllerRevision = KindOf<typeof ControllerRevision>;
