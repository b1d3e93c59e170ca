import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import type { Status } from '#core/api/schema/meta.ts';
import { token } from '#core/kernel/token.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { Api, Caller, Target, WriteParameters } from '#core/apiserver/api.ts';

/** A POST that asks or does something instead of storing what it brings: a review, an eviction, a binding, a token. */
export interface ActionRequest<T extends KubernetesObject = KubernetesObject> {
  readonly api: Api;
  readonly target: Target;
  /** What was sent, decoded, with defaults and checked. */
  readonly object: T;
  readonly parameters: WriteParameters;
  readonly caller: Caller;
}

/** Answers the POSTs to one question kind, or to one subresource. */
export interface Action<T extends KubernetesObject = KubernetesObject> {
  readonly group: string;
  readonly plural: string;
  /** '' for a question kind. */
  readonly subresource: string;
  /** @throws {StatusError} */
  run(request: ActionRequest<T>): Promise<KubernetesObject | Status>;
}
export const Action = token<Action>('Action');

/** Declares an action on a kind. */
export const action = <T extends KubernetesObject>(
  on: Pick<Kind, 'group' | 'plural'>, subresource: string, _takes: Kind<T>, run: Action<T>['run'],
): Action => ({ group: on.group, plural: on.plural, subresource, run: (request) => run(request as ActionRequest<T>) });

/** The actions by what they are asked of. */
export class ActionIndex {
  private readonly actions: ReadonlyMap<string, Action>;

  constructor(actions: readonly Action[]) {
    this.actions = new Map(actions.map((one) => [keyOf(one), one]));
  }

  find({ kind }: AnyResource, subresource: string): Action | undefined {
    return this.actions.get(keyOf({ group: kind.group, plural: kind.plural, subresource }));
  }
}

const keyOf = ({ group, plural, subresource }: Pick<Action, 'group' | 'plural' | 'subresource'>): string => `${group}/${plural}/${subresource}`;
