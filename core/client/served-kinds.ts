import { apiVersionOf, type Kind } from '#core/api/schema/kind.ts';
import { token } from '#core/kernel/token.ts';

/** A kind that the API server serves, and what can be done with it. */
export interface ServedKind {
  readonly kind: Kind;
  /** `list`, `watch`, `delete` … */
  readonly verbs: readonly string[];
}

/**
 * The kinds that the API server serves just now, each stored object under one of them: where a kind has several versions, the preferred one.
 * Those of CustomResourceDefinitions come and go.
 */
export interface ServedKinds {
  readonly all: readonly ServedKind[];
  /** By how an object or an owner reference names its kind, in any version. */
  find(apiVersion: string, kind: string): ServedKind | undefined;
  /** Called after each change. Returns an unsubscribe function. */
  onChange(listener: () => void): () => void;
}
export const ServedKinds = token<ServedKinds>('ServedKinds');

/** A set that never changes. */
export const fixedKinds = (kinds: readonly Kind[], verbs: readonly string[] = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']): ServedKinds => {
  const all = kinds.map((kind) => ({ kind, verbs }));
  return {
    all,
    find: (apiVersion, name) => all.find(({ kind }) => kind.kind === name && apiVersionOf(kind) === apiVersion),
    onChange: () => () => undefined,
  };
};
