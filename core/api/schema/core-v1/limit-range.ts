import type { KindOf } from '#core/api/schema/kind.ts';
import { always, list, map, quantity, required, string, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const LimitRangeItem = core.type('LimitRangeItem', 'Bounds and defaults for objects of one type, by resource name.', {
  type: [1, required(string), 'Pod, Container or PersistentVolumeClaim.'],
  max: [2, map(quantity), 'The most that may be asked for or allowed.'],
  min: [3, map(quantity), 'The least that may be asked for.'],
  default: [4, map(quantity), 'Limits of containers that give none.'],
  defaultRequest: [5, map(quantity), 'Requests of containers that give none.'],
  maxLimitRequestRatio: [6, map(quantity), 'How many times its request a limit may be.'],
});
export type LimitRangeItem = Of<typeof LimitRangeItem>;

export const LimitRangeSpec = core.type('LimitRangeSpec', 'The bounds in a namespace.', {
  limits: [1, required(list(LimitRangeItem)), 'One entry per type.'],
});
export type LimitRangeSpec = Of<typeof LimitRangeSpec>;

export const LimitRange = core.kind('LimitRange', 'Bounds and defaults for what single objects of a namespace may use.', {
  spec: [2, always(LimitRangeSpec), 'The bounds.'],
});
export type LimitRange = KindOf<typeof LimitRange>;
