import { LimitRange, type LimitRangeItem } from '#core/api/schema/core-v1/limit-range.ts';
import { nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateLimits, validateLimitType } from './rules/limit-range-item.ts';

/** For containers, what is not said of limits follows from the bounds, and what is not said of requests from the limits. */
function defaultItem(item: LimitRangeItem): void {
  if (item.type !== 'Container') return;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

export const limitRanges = resource<LimitRange>({
  kind: LimitRange,
  shortNames: ['limits'],
  hasStatus: false,
  allowsUnconditionalUpdate: true,

  defaults({ spec }) {
    for (const item of spec.limits) defaultItem(item);
  },
  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec', 'limits');
    const types = new Set<string>();
    for (const [i, item] of spec.limits.entries()) {
      const type = field.at(i, 'type');
      validateLimitType(item.type, type);
      if (types.has(item.type)) type.duplicate(item.type);
      types.add(item.type);
      validateLimits(item, field.at(i));
    }
  },

  columns: [nameColumn, { name: 'Created At', type: 'string', description: 'When the object was created.', cell: ({ metadata }) => metadata.creationTimestamp ?? '' }],
});
