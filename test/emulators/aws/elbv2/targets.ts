import { isIP } from 'node:net';
import { canonicalCidr4, containsCidr4 } from '#test/emulators/aws/cidr.ts';
import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Target, TargetGroup, TargetHealth } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { listenersTo, targetGroupOf, validation } from './names.ts';

type WantedTarget = Pick<Target, 'id' | 'port' | 'zone'>;

const isSame = (a: WantedTarget, b: WantedTarget): boolean => a.id === b.id && a.port === b.port;
const named = (group: TargetGroup, params: Params): WantedTarget[] => params.structs('Targets').map((target) => ({ id: target.need('Id'), port: target.number('Port') ?? group.port, zone: target.text('AvailabilityZone') }));

const register: Action = ({ region, params }) => {
  const group = targetGroupOf(region, params.need('TargetGroupArn'));
  const wanted = named(group, params);
  checkTargets(region, group, wanted);
  const kept = group.targets.filter((target) => target.health.state !== 'draining' || !wanted.some((other) => isSame(other, target)));
  const added = wanted.filter((target, index) => !kept.some((other) => isSame(other, target)) && wanted.findIndex((other) => isSame(other, target)) === index);
  const most = region.world.quota('targetsPerGroup');
  if (kept.length + added.length > most) throw new ApiError('TooManyTargets', `The maximum number of targets per target group has been reached: ${most}`);
  checkZones(region, group, added);
  const initial: TargetHealth = { state: 'initial', reason: 'Elb.RegistrationInProgress', description: 'Target registration is in progress' };
  region.targetGroups.update(group.id, { targets: [...kept, ...added.map((target) => ({ ...target, health: initial }))] });
  for (const target of added) {
    region.later('targetCheck', () => changeTarget(region, group.id, target, (current) => (current.health.state === 'initial' ? { ...current, health: { state: 'healthy' } } : current)));
  }
  return {};
};

function checkTargets(region: Region, group: TargetGroup, targets: readonly WantedTarget[]): void {
  const refuse = (bad: readonly WantedTarget[], why: string): void => {
    if (bad.length > 0) throw new ApiError('InvalidTarget', `The following targets ${why}: '${bad.map(({ id }) => id).join("', '")}'`);
  };
  if (group.targetType === 'ip') {
    const malformed = targets.find(({ id }) => isIP(id) === 0);
    if (malformed !== undefined) throw validation(`The IP address '${malformed.id}' is not a valid IPv4 address`);
    refuse(targets.filter(({ id, zone }) => zone !== 'all' && !inVpc(region, group.vpcId, id)), `are not in the VPC '${group.vpcId}' and need the Availability Zone 'all'`);
    return;
  }
  const malformed = targets.find(({ id }) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) throw validation(`Instance ID '${malformed.id}' is not valid`);
  refuse(targets.filter(({ id }) => region.instances.known(id) === undefined), 'are not valid instances');
  refuse(targets.filter(({ id }) => region.instances.get(id)?.vpcId !== group.vpcId), `are not in the target group VPC '${group.vpcId}'`);
  refuse(targets.filter(({ id }) => region.instances.get(id)?.state !== 'running'), 'are not in a running state and cannot be registered');
}

/** Of all groups of a balancer together. */
function checkZones(region: Region, group: TargetGroup, added: readonly WantedTarget[]): void {
  const most = region.world.quota('targetsPerBalancerAndZone');
  for (const balancerArn of new Set(listenersTo(region, group.id).map((listener) => listener.balancerArn))) {
    const arns = new Set([...region.listeners.rows()].filter((listener) => listener.balancerArn === balancerArn).flatMap(({ forwards }) => forwards.map(({ targetGroupArn }) => targetGroupArn)));
    const targets = [...added, ...[...arns].flatMap((arn) => region.targetGroups.get(arn)?.targets ?? [])];
    for (const [zone, there] of Map.groupBy(targets, ({ id, zone: named }) => region.instances.get(id)?.zone ?? named)) {
      if (there.length > most) throw new ApiError('TooManyTargets', `The maximum number of targets per load balancer and Availability Zone has been reached in ${zone}: ${most}`);
    }
  }
}

function inVpc(region: Region, vpcId: string, address: string): boolean {
  const vpc = region.vpcs.get(vpcId);
  const block = canonicalCidr4(`${address}/32`);
  return vpc !== undefined && block !== undefined && containsCidr4(vpc.cidr, block);
}

const deregister: Action = ({ region, params }) => {
  const group = targetGroupOf(region, params.need('TargetGroupArn'));
  const wanted = params.structs('Targets').map((target) => ({ id: target.need('Id'), port: target.number('Port') }));
  const goes = (target: Target): boolean => wanted.some(({ id, port }) => id === target.id && (port === undefined || port === target.port));
  const used = listenersTo(region, group.id).length > 0;
  const draining: TargetHealth = { state: 'draining', reason: 'Target.DeregistrationInProgress', description: 'Target deregistration is in progress' };
  const targets = group.targets.flatMap((target): Target[] => {
    if (!goes(target) || target.health.state === 'draining') return [target];
    return used ? [{ ...target, health: draining }] : [];
  });
  region.targetGroups.update(group.id, { targets });
  const delayMs = Number(group.attributes.get('deregistration_delay.timeout_seconds')) * 1000;
  if (used) region.world.timeline.after(delayMs, () => endDraining(region, group.id, goes));
  return {};
};

function endDraining(region: Region, arn: string, goes: (target: Target) => boolean): void {
  const group = region.targetGroups.get(arn);
  if (group !== undefined) region.targetGroups.update(arn, { targets: group.targets.filter((target) => !goes(target) || target.health.state !== 'draining') });
}

function changeTarget(region: Region, arn: string, which: WantedTarget, change: (target: Target) => Target): void {
  const group = region.targetGroups.get(arn);
  if (group !== undefined) region.targetGroups.update(arn, { targets: group.targets.map((target) => (isSame(target, which) ? change(target) : target)) });
}

/** As if the checks of a target had come out so. */
export function setTargetHealth(region: Region, arn: string, targetId: string, state: TargetHealth['state']): void {
  const group = region.targetGroups.get(arn);
  if (group === undefined) throw new Error(`there is no target group ${arn}`);
  const health: TargetHealth = state === 'unhealthy' ? { state, reason: 'Target.FailedHealthChecks', description: 'Health checks failed' } : { state };
  region.targetGroups.update(arn, { targets: group.targets.map((target) => (target.id === targetId ? { ...target, health } : target)) });
}

/** What a describe says of a target: what stands in its way comes before how its checks came out. */
function healthOf(region: Region, group: TargetGroup, target: Target): TargetHealth {
  if (target.health.state === 'draining') return target.health;
  const [listener] = listenersTo(region, group.id);
  if (listener === undefined) return { state: 'unused', reason: 'Target.NotInUse', description: 'Target group is not configured to receive traffic from the load balancer' };
  if (group.targetType !== 'instance') return target.health;
  const instance = region.instances.get(target.id);
  if (instance?.state !== 'running') return { state: 'unused', reason: 'Target.InvalidState', description: `Target is in the ${instance?.state ?? 'terminated'} state` };
  const zones = region.balancers.get(listener.balancerArn)?.zones ?? [];
  if (!zones.some(({ zone }) => zone === instance.zone)) return { state: 'unused', reason: 'Target.NotInUse', description: 'Target is in an Availability Zone that is not enabled for the load balancer' };
  return target.health;
}

const describeHealth: Action = ({ region, params }) => {
  const arn = params.need('TargetGroupArn');
  targetGroupOf(region, arn);
  const group = region.targetGroups.seen(arn) ?? targetGroupOf(region, arn);
  const asked = params.structs('Targets').map((target) => ({ id: target.need('Id'), port: target.number('Port') }));
  const shown = group.targets.filter((target) => asked.length === 0 || asked.some(({ id, port }) => id === target.id && (port === undefined || port === target.port)));
  const unknown = asked.filter(({ id, port }) => !group.targets.some((target) => target.id === id && (port === undefined || port === target.port)));
  const notRegistered: TargetHealth = { state: 'unused', reason: 'Target.NotRegistered', description: 'Target is not registered to the target group' };
  return {
    TargetHealthDescriptions: [
      ...shown.map((target) => writeHealth(group, target, healthOf(region, group, target))),
      ...unknown.map(({ id, port }) => writeHealth(group, { id, port: port ?? group.port }, notRegistered)),
    ],
  };
};

function writeHealth(group: TargetGroup, { id, port, zone }: WantedTarget, { state, reason, description }: TargetHealth): XmlObject {
  return {
    Target: { Id: id, Port: port, AvailabilityZone: zone }, HealthCheckPort: group.healthCheck.port === 'traffic-port' ? String(port) : group.healthCheck.port,
    TargetHealth: { State: state, Reason: reason, Description: description },
  };
}

export const targetActions: Readonly<Record<string, Action>> = { RegisterTargets: register, DeregisterTargets: deregister, DescribeTargetHealth: describeHealth };
