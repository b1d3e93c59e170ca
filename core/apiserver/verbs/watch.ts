import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { shown, storageNames, type Api, type Target } from '#core/apiserver/api.ts';
import { RevisionError } from '#core/spi/key-value-store.ts';
import { withRevision, type Change } from '#core/store/resource-cache.ts';
import { parseVersion } from './list.ts';
import { select, type Selection, type Selectors } from './selection.ts';

export interface WatchParameters extends Selectors {
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
  /** KEP-3157: first the state as ADDED events, closed by an annotated BOOKMARK. */
  readonly sendInitialEvents?: boolean | undefined;
  readonly allowWatchBookmarks?: boolean | undefined;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubernetesObject;
  /** What holding on to it costs: characters of its text, about. 0 for objects that are held by others anyway. */
  readonly size: number;
}

/** The resource is not what it was when the watch began: its definition has changed, or is gone. */
export class ResourceChanged extends StatusError {
  constructor() {
    super('Expired', 'the definition of the resource has changed');
  }
}

const initialEventsEnd = { 'k8s.io/initial-events-end': 'true' };

/**
 * Hands every event to `deliver`, synchronously and in the store's order, until the returned function is called.
 * Where objects are converted by someone outside, events wait for it; `failed` is told when it fails, and nothing comes after that.
 * @throws {StatusError} BadRequest, Invalid, Expired (410) when the version is too old, or from another store
 */
export async function watch(api: Api, target: Target, parameters: WatchParameters, deliver: (event: WatchEvent) => void, failed: (error: unknown) => void): Promise<() => void> {
  const selection = select(target, parameters);
  checkInitialEvents(parameters);
  const asked = parseVersion(parameters.resourceVersion);
  // Initial events show the newest state, and a version that this process has not seen may be another one's.
  const needsNewest = parameters.resourceVersion !== '0' && (asked === 0 || asked > api.objects.revision);
  if (api.objects.shared && needsNewest) await api.objects.catchUp();
  const current = api.objects.revision;
  const stream = parameters.sendInitialEvents === true;
  const fromNow = asked === 0 || stream;
  if (asked > current) throw StatusError.expired(`the version ${asked} is not one of this store: its newest is ${current}`);
  const steps = inOrder(target.resource, failed);
  const take = (change: Change): void => {
    const event = eventOf(target, selection, change);
    if (event !== undefined) deliver(event);
  };
  if (fromNow && parameters.sendInitialEvents !== false) {
    const entries = [...api.objects.cache(storageNames(target.resource)).range(selection.prefix)].map(([, object]) => object);
    steps.run(entries, () => {
      sendState(target, selection, entries, deliver);
      if (stream) deliver(bookmark(target, current, initialEventsEnd));
    });
  }
  try {
    // Runs up to its subscription in this same turn when it starts at the newest version: nothing can come in between.
    const close = await api.objects.follow(storageNames(target.resource), fromNow ? current : asked, steps.each(take), () => failed(StatusError.expired('changes were missed while the store could not be reached')));
    const unlisten = whenChanged(api, target.resource, () => failed(new ResourceChanged()));
    return () => {
      unlisten();
      steps.stop();
      close();
    };
  } catch (error) {
    if (RevisionError.is(error)) throw StatusError.expired(`too old resource version: ${asked} (${error.oldest})`);
    throw error;
  }
}

/** Built-in resources never change. */
function whenChanged({ resources }: Api, resource: AnyResource, changed: () => void): () => void {
  const { group, version, plural } = resource.kind;
  return resource.codec === undefined ? () => undefined : resources.onChange(() => {
    if (resources.find(group, version, plural) !== resource) changed();
  });
}

export const bookmark = (target: Target, revision: number, annotations?: Record<string, string>): WatchEvent => {
  const { kind } = target.resource;
  const metadata = { resourceVersion: String(revision), ...(annotations ? { annotations } : {}) } as KubernetesObject['metadata'];
  return { type: 'BOOKMARK', object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata }, size: 0 };
};

function checkInitialEvents({ sendInitialEvents, resourceVersionMatch: match, allowWatchBookmarks }: WatchParameters): void {
  const errors = new FieldErrors();
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (sendInitialEvents === undefined && match !== undefined && match !== '') {
    errors.forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  if (sendInitialEvents === true && allowWatchBookmarks !== true) {
    errors.forbidden('allowWatchBookmarks', 'sendInitialEvents requires allowWatchBookmarks: the end of the initial events is a bookmark');
  }
  errors.throwIfAny({ group: 'meta.k8s.io', kind: 'ListOptions' }, '');
}

interface Steps {
  /** Does a step once the objects that it shows can be shown. */
  run(objects: readonly KubernetesObject[], step: () => void): void;
  /** The same for changes. */
  each(take: (change: Change) => void): (change: Change) => void;
  stop(): void;
}

/** Steps that need nobody outside are done at once. */
function inOrder({ conversion }: AnyResource, failed: (error: unknown) => void): Steps {
  if (!conversion) return { run: (_objects, step) => step(), each: (take) => take, stop: () => undefined };
  let over = false;
  let last = Promise.resolve();
  const take = async (objects: readonly KubernetesObject[], step: () => void): Promise<void> => {
    if (over) return;
    await conversion.prepare(objects);
    if (!over) step();
  };
  const run = (objects: readonly KubernetesObject[], step: () => void): void => {
    last = last.then(() => take(objects, step)).catch((error: unknown) => {
      if (!over) failed(error);
      over = true;
    });
  };
  return {
    run,
    each: (each) => (change) => run(change.previous ? [change.previous, change.object] : [change.object], () => each(change)),
    stop: () => {
      over = true;
    },
  };
}

function sendState(target: Target, selection: Selection, entries: readonly KubernetesObject[], deliver: (event: WatchEvent) => void): void {
  for (const stored of entries) {
    const object = shown(target.resource, stored);
    if (selection.matches(object)) deliver({ type: 'ADDED', object, size: 0 });
  }
}

/** An object that comes into the selection is ADDED to it, one that leaves is DELETED from it. */
function eventOf(target: Target, selection: Selection, change: Change): WatchEvent | undefined {
  const { size } = change;
  const previous = change.previous && shown(target.resource, change.previous);
  const before = previous !== undefined && selection.matches(previous);
  if (change.deleted) return before ? shared('DELETED', shown(target.resource, change.object), size) : undefined;
  const object = shown(target.resource, change.object);
  if (selection.matches(object)) return shared(before ? 'MODIFIED' : 'ADDED', object, size);
  return before ? { type: 'DELETED', object: withRevision(previous, change.revision), size } : undefined;
}

let last: WatchEvent | undefined;

/** Many watch the same and hear of a change one after the other: they all get one event. */
function shared(type: WatchEvent['type'], object: KubernetesObject, size: number): WatchEvent {
  if (last?.object !== object || last.type !== type) last = { type, object, size };
  return last;
}
