import { invalid, required } from './api-error.ts';
import { addressIn } from './instance-interfaces.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { linkOf, parseReference } from './links.ts';
import type { Call } from './method.ts';

/** The health of a group's instances behind a service: what a test said, or that what runs is healthy. */
export function backendHealth({ cloud, project, body }: Call, service: Resource): Json {
  if (body['group'] === undefined) throw required('group');
  const group = parseReference(textOf(body['group']), { field: 'group', project, collections: ['instanceGroups', 'networkEndpointGroups'] });
  const backends = (service['backends'] as readonly Json[] | undefined) ?? [];
  if (!backends.some((backend) => backend['group'] === linkOf(group))) throw invalid('group', body['group'], `The group is not a backend of '${service.name}'.`);
  const rules = cloud.resources.everywhere('forwardingRules', project).filter((rule) => rule['backendService'] === service.selfLink);
  const instances = [...(cloud.members.get(group) ?? [])].toSorted().map((path) => ({ path, instance: cloud.resources.get(path) }));
  const healthStatus = instances.flatMap(({ path, instance }) => {
    if (instance === undefined) return [];
    const healthState = cloud.health.get(path) ?? (instance['status'] === 'RUNNING' ? 'HEALTHY' : 'UNHEALTHY');
    const row = { instance: instance.selfLink, ipAddress: addressIn(instance), port: 0, healthState };
    return rules.length === 0 ? [row] : rules.map((rule) => ({ ...row, forwardingRule: rule.selfLink, forwardingRuleIp: rule['IPAddress'] }));
  });
  return { kind: 'compute#backendServiceGroupHealth', ...(healthStatus.length === 0 ? {} : { healthStatus }) };
}
