import { Binding, Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { Status } from '#core/api/schema/meta.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy } from '#core/api/value.ts';
import { fresh } from '#core/apiserver/verbs/fresh.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { action, type Action, type ActionRequest } from './action.ts';

const attempts = 10;

/** POST `pods/<name>/binding` and POST `bindings`: puts a pod on a node, once and for all. */
export const bindingActions: readonly Action[] = [
  action(Pod, 'binding', Binding, (request) => bind(request, request.target.name)),
  action(Binding, '', Binding, (request) => bind(request, request.object.metadata.name)),
];

async function bind(request: ActionRequest<Binding>, name: string): Promise<Status> {
  const { api, target: { namespace }, object, parameters } = request;
  const node = object.target.name ?? '';
  if (node === '') {
    const errors = new FieldErrors();
    errors.required('target.name');
    errors.throwIfAny(Binding, name);
  }
  await fresh(api, () => api.objects.inTurn(Pod, namespace, name, async () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const pod = api.objects.get(Pod, namespace, name);
      if (pod === undefined || !isKindOf(pod, Pod)) throw StatusError.notFound(Pod, name);
      checkBindable(pod, object);
      if (parameters.dryRun || (await api.objects.replace(Pod, bound(pod, object, node, rfc3339(api.clock.now())), pod))) return;
    }
    throw StatusError.modified(Pod, name);
  }));
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

function checkBindable({ metadata, spec }: Pod, { metadata: { uid } }: Binding): void {
  const refuse = (why: string): never => {
    throw StatusError.conflict({ group: '', plural: 'pods/binding' }, metadata.name, why);
  };
  if (uid && uid !== metadata.uid) throw StatusError.conflict(Pod, metadata.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  if (metadata.deletionTimestamp !== undefined) refuse(`pod ${metadata.name} is being deleted, cannot be assigned to a host`);
  if (spec.nodeName) refuse(`pod ${metadata.name} is already assigned to node "${spec.nodeName}"`);
  if ((spec.schedulingGates ?? []).length > 0) refuse(`pod ${metadata.name} has non-empty .spec.schedulingGates`);
}

/** Nothing else may change a pod's node, so the rules for updates do not hold here. */
function bound(pod: Pod, { metadata }: Binding, node: string, now: string): Pod {
  const next = deepCopy(pod);
  next.spec.nodeName = node;
  if (metadata.annotations) next.metadata.annotations = { ...next.metadata.annotations, ...metadata.annotations };
  if (metadata.labels) next.metadata.labels = { ...next.metadata.labels, ...metadata.labels };
  const others = (next.status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  next.status.conditions = [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime: now }];
  return next;
}
