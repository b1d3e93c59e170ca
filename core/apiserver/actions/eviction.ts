import { LabelSelector } from '#core/api/label-selector.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Eviction, PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { Status } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy } from '#core/api/value.ts';
import { showing, type Target } from '#core/apiserver/api.ts';
import { remove } from '#core/apiserver/verbs/delete.ts';
import { modify } from '#core/apiserver/verbs/modify.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { action, type Action, type ActionRequest } from './action.ts';

const mostDisrupted = 2000;

/** POST `pods/<name>/eviction`: deletes the pod unless that takes more pods than a PodDisruptionBudget lets go. */
export const eviction: Action = action(Pod, 'eviction', Eviction, async (request): Promise<Status> => {
  const { api, target, object: { deleteOptions = {} }, parameters, caller } = request;
  const pod = await podOf(request);
  const dryRun = parameters.dryRun || deleteOptions.dryRun?.includes('All') === true;
  if (needsBudget(pod)) await spend(request, pod, dryRun);
  const { gracePeriodSeconds, preconditions, propagationPolicy } = deleteOptions;
  await remove(api, { ...target, subresource: '' }, { dryRun, gracePeriodSeconds, propagationPolicy, preconditions: preconditions ?? { uid: pod.metadata.uid } }, caller);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
});

async function podOf({ api, target }: ActionRequest): Promise<Pod> {
  const stored = api.objects.get(Pod, target.namespace, target.name);
  if (stored === undefined) throw StatusError.notFound(Pod, target.name);
  return (await showing(target.resource, stored)) as Pod;
}

/** What has ended, has not begun, or is going anyway takes nothing away from anybody. */
const needsBudget = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed' && status.phase !== 'Pending';

const isReady = ({ status }: Pod): boolean => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

async function spend({ api, caller }: ActionRequest, pod: Pod, dryRun: boolean): Promise<void> {
  const { namespace = '', name } = pod.metadata;
  const budgets = [...api.objects.cache(PodDisruptionBudget).range(`${namespace}/`)].map(([, budget]) => budget as PodDisruptionBudget)
    .filter(({ spec }) => spec.selector !== undefined && LabelSelector.of(spec.selector).matches(pod.metadata.labels));
  const [budget, second] = budgets;
  if (second !== undefined) throw new StatusError('InternalError', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  if (budget === undefined || mayGoUnready(budget, pod)) return;
  const target: Target = { resource: api.resources.of(PodDisruptionBudget), subresource: 'status', namespace, name: budget.metadata.name };
  // The newest state decides: of two evictions at once only one may take the last disruption.
  await modify(api, target, { dryRun, fieldValidation: 'Ignore', fieldManager: 'keelson', force: false }, { ...caller, user: { name: 'system:keelson', groups: ['system:masters'] } }, (old: KubernetesObject) => {
    const next = deepCopy(old) as PodDisruptionBudget;
    checkBudget(next);
    next.status.disruptionsAllowed--;
    next.status.disruptedPods = { ...next.status.disruptedPods, [name]: rfc3339(api.clock.now()) };
    return next;
  });
}

/** A pod that serves nobody may go when the policy says so, or as long as the budget is met without it. */
function mayGoUnready({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  if (isReady(pod)) return false;
  return spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0);
}

function checkBudget({ metadata, status }: PodDisruptionBudget): void {
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw refused(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  if (status.disruptionsAllowed < 0) throw StatusError.forbidden(PodDisruptionBudget, metadata.name, 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > mostDisrupted) {
    throw StatusError.forbidden(PodDisruptionBudget, metadata.name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (status.disruptionsAllowed === 0) {
    throw refused(`The disruption budget ${metadata.name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`);
  }
}

const refused = (message: string, retryAfterSeconds?: number): StatusError => new StatusError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
  causes: [{ reason: 'DisruptionBudget', message }], ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
});
