import { qualifiedNameProblem } from '#core/api/names.ts';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

export const leases = resource<Lease>({
  kind: Lease,
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    const { leaseDurationSeconds: duration, strategy = '', preferredHolder = '' } = spec;
    if (duration !== undefined && duration <= 0) field.at('leaseDurationSeconds').invalid(duration, 'must be greater than 0');
    if (spec.leaseTransitions !== undefined && spec.leaseTransitions < 0) {
      field.at('leaseTransitions').invalid(spec.leaseTransitions, 'must be greater than or equal to 0');
    }
    if (strategy.includes('/')) field.at('strategy').check(strategy, qualifiedNameProblem(strategy));
    else if (strategy !== '' && strategy !== 'OldestEmulationVersion') field.at('strategy').notSupported(strategy, ['OldestEmulationVersion']);
    if (preferredHolder !== '' && strategy === '') field.at('preferredHolder').forbidden('may only be specified if `strategy` is defined');
  },

  columns: [
    nameColumn,
    { name: 'Holder', type: 'string', description: 'Who holds the lease.', cell: ({ spec }) => spec.holderIdentity ?? '' },
    ageColumn,
  ],
});
