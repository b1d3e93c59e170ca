import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { DeleteOptions, Status } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy, deepEqual } from '#core/api/value.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { encoded, showing, storageNames, type Api, type Caller, type Target } from '#core/apiserver/api.ts';
import { fresh } from './fresh.ts';
import type { WithStatus } from './pipeline.ts';

/** What the request wants of a deletion, from its body or its query. */
export interface Deletion {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds?: number | undefined;
  readonly preconditions?: DeleteOptions['preconditions'];
  /** What becomes of the objects that this one owns; Background by default. */
  readonly propagationPolicy?: string | undefined;
}

const attempts = 10;

/** Whether something still keeps a deleted object: a finalizer, a namespace's content, or its time to end gracefully. */
export function isHeld(object: WithStatus): boolean {
  const { metadata, spec } = object;
  const contents = (spec as { finalizers?: readonly string[] } | undefined)?.finalizers ?? [];
  return (metadata.finalizers?.length ?? 0) > 0 || contents.length > 0 || (metadata.deletionGracePeriodSeconds ?? 0) > 0;
}

/**
 * DELETE of one object: at once when nothing holds it, otherwise it is marked, and goes when the last finalizer does.
 * Resolves to a success Status, or to the object that stays.
 * @throws {StatusError} NotFound, Conflict (preconditions), Forbidden
 */
export function remove(api: Api, target: Target, deletion: Deletion, caller: Caller): Promise<Removal> {
  return fresh(api, () => api.objects.inTurn(storageNames(target.resource), target.namespace, target.name, () => repeatedly(api, target, deletion, caller)));
}

export interface Removal {
  readonly gone: boolean;
  readonly answer: KubernetesObject | Status;
}

async function repeatedly(api: Api, target: Target, deletion: Deletion, caller: Caller): Promise<Removal> {
  const { resource } = target;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const stored = api.objects.get(storageNames(resource), target.namespace, target.name);
    if (stored === undefined) throw StatusError.notFound(resource.kind, target.name);
    const old = (await showing(resource, stored)) as WithStatus;
    checkPreconditions(target, deletion, old);
    const request: AdmissionRequest = {
      operation: 'DELETE', resource, subresource: '', namespace: target.namespace, name: target.name,
      object: undefined, old, user: caller.user, dryRun: deletion.dryRun, warn: caller.warn, annotate: caller.annotate,
    };
    await api.admission.mutate(request);
    const removal = await api.admission.guard(request, () => write(api, target, stored, old, deletion));
    if (removal !== undefined) return removal;
  }
  throw StatusError.modified(resource.kind, target.name);
}

/** One attempt; undefined when another write came in between. */
async function write(api: Api, target: Target, stored: KubernetesObject, old: WithStatus, deletion: Deletion): Promise<Removal | undefined> {
  const { resource } = target;
  const names = storageNames(resource);
  const marked = mark(target, old, deletion, api.clock.now());
  if (marked === undefined) {
    const gone = deletion.dryRun || (await api.objects.remove(names, stored)) !== undefined;
    return gone ? { gone, answer: success(target, old) } : undefined;
  }
  if (marked === old || deletion.dryRun) return { gone: false, answer: marked };
  const result = await api.objects.replace(names, await encoded(resource, marked), stored);
  return result && { gone: false, answer: await showing(resource, result) };
}

/** The object as it stays for now; undefined when it can go, `old` itself when it is marked already. */
function mark(target: Target, old: WithStatus, deletion: Deletion, nowMs: number): WithStatus | undefined {
  const asked = deletion.gracePeriodSeconds;
  const grace = target.resource.gracePeriodSeconds?.(old, asked) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds: given = 0 } = old.metadata;
  const own = deletionTimestamp === undefined ? target.resource.deletionFinalizers ?? [] : [];
  const finalizers = finalizersFor(deletion.propagationPolicy, [...new Set([...(old.metadata.finalizers ?? []), ...own])]);
  const held = isHeld({ ...old, metadata: { ...old.metadata, finalizers, deletionGracePeriodSeconds: grace } });
  if (!held) return undefined;
  // A second deletion can only shorten the time that is left, or change what becomes of the dependents.
  const shortens = deletionTimestamp === undefined || (asked !== undefined && grace < given);
  const refinalized = withFinalizers(old, finalizers);
  if (!shortens) return refinalized;
  const marked = deepCopy(refinalized);
  marked.metadata.deletionTimestamp = rfc3339(nowMs + grace * 1000);
  marked.metadata.deletionGracePeriodSeconds = grace;
  target.resource.prepareForDelete?.(marked);
  return marked;
}

/** A copy with these finalizers; the object itself when it has them. */
function withFinalizers(object: WithStatus, finalizers: string[]): WithStatus {
  if (deepEqual(finalizers, object.metadata.finalizers ?? [])) return object;
  const copy = deepCopy(object);
  if (finalizers.length > 0) copy.metadata.finalizers = finalizers;
  else delete copy.metadata.finalizers;
  return copy;
}

const [orphan, foreground] = ['orphan', 'foregroundDeletion'];

/** The garbage collector acts on these two, and takes them off when the dependents are cared for. */
function finalizersFor(policy: string | undefined, finalizers: readonly string[]): string[] {
  if (policy === undefined) return [...finalizers];
  const others = finalizers.filter((name) => name !== orphan && name !== foreground);
  return policy === 'Orphan' ? [...others, orphan] : policy === 'Foreground' ? [...others, foreground] : others;
}

function checkPreconditions(target: Target, { preconditions }: Deletion, old: KubernetesObject): void {
  const fail = (what: string, asked: string, is: string): never => {
    throw StatusError.conflict(target.resource.kind, target.name, `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${is}`);
  };
  if (preconditions?.uid !== undefined && preconditions.uid !== old.metadata.uid) fail('UID', preconditions.uid, old.metadata.uid);
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== old.metadata.resourceVersion) {
    fail('ResourceVersion', preconditions.resourceVersion, old.metadata.resourceVersion);
  }
}

const success = ({ resource: { kind }, name }: Target, old: KubernetesObject): Status => ({
  kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success',
  details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, uid: old.metadata.uid },
});
