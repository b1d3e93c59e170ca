import { Binding } from '#core/api/schema/core-v1/pod.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';

/** The older way to put a pod on a node: a POST to `bindings` that names the pod. */
export const bindings = resource<Binding>({
  kind: Binding,
  hasStatus: false,
  allowsUnconditionalUpdate: false,
  isQuestion: true,
  verbs: ['create'],

  validate({ target }, errors) {
    const field = FieldPath.root(errors).at('target');
    if ((target.kind ?? '') !== '' && target.kind !== 'Node') field.at('kind').notSupported(target.kind, ['Node', '<empty>'], false);
    if ((target.name ?? '') === '') field.at('name').required();
  },

  columns: [],
});
