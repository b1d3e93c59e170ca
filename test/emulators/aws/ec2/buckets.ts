import type { Params } from '#test/emulators/aws/params.ts';
import type { Bucket } from '#test/emulators/aws/service.ts';

/** Capacity and refill a second, of requests. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
const ofActions: Readonly<Record<string, readonly [number, number]>> = {
  AttachVolume: [100, 5],
  AuthorizeSecurityGroupIngress: [50, 5],
  CreateSnapshot: [100, 5],
  CreateTags: [100, 10],
  CreateVolume: [100, 5],
  DeleteSnapshot: [100, 5],
  DeleteTags: [100, 10],
  DeleteVolume: [100, 5],
  DetachVolume: [100, 5],
  RevokeSecurityGroupIngress: [50, 5],
  RunInstances: [5, 2],
  StartInstances: [5, 2],
  TerminateInstances: [100, 5],
};
const mutating = [50, 5] as const;
const reading = [100, 20] as const;
/** For those that would show everything there is. */
const readingAll = [50, 10] as const;
const costlyWhenUnfiltered = new Set(['DescribeInstances', 'DescribeInstanceStatus', 'DescribeSecurityGroups', 'DescribeSnapshots', 'DescribeVolumes']);

/** Of resources: one token for each instance. */
const ofInstances: Readonly<Record<string, readonly [number, number]>> = { RunInstances: [1000, 2], StartInstances: [1000, 2], StopInstances: [1000, 20], TerminateInstances: [1000, 20] };

export function ec2Buckets(action: string, params: Params): Bucket[] {
  const [capacity, perSecond] = requestBucket(action, params);
  const everything = capacity === readingAll[0] && action.startsWith('Describe');
  const requests = { name: everything ? `${action} of everything` : action, capacity, perSecond };
  const instances = ofInstances[action];
  if (instances === undefined) return [requests];
  const cost = action === 'RunInstances' ? params.number('MaxCount') ?? 1 : params.texts('InstanceId').length;
  return [requests, { name: `instances of ${action}`, capacity: instances[0], perSecond: instances[1], cost }];
}

function requestBucket(action: string, params: Params): readonly [number, number] {
  const own = ofActions[action];
  if (own !== undefined) return own;
  if (!action.startsWith('Describe')) return mutating;
  const narrowed = params.names().some((name) => name !== 'DryRun' && name !== 'IncludeAllInstances');
  return costlyWhenUnfiltered.has(action) && !narrowed ? readingAll : reading;
}
