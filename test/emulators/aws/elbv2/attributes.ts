import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { balancerAttributes, groupAttributes, listenerAttributes, type AttributeRule } from './attribute-rules.ts';
import { balancerOf, listenerOf, targetGroupOf, validation } from './names.ts';

const write = (attributes: ReadonlyMap<string, string>): XmlObject => ({ Attributes: [...attributes].map(([Key, Value]) => ({ Key, Value })) });

/** @throws {ApiError} ValidationError for keys and values that this one cannot have */
function changed(what: string, old: ReadonlyMap<string, string>, rules: Readonly<Record<string, AttributeRule>>, params: Params): Map<string, string> {
  const attributes = new Map(old);
  const seen = new Set<string>();
  for (const entry of params.structs('Attributes')) {
    const key = entry.text('Key') ?? '';
    const value = entry.text('Value') ?? '';
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) throw validation(`${what} attribute key '${key}' is not recognized`);
    if (!rule.allowed.test(value)) throw validation(`The value '${value}' of the ${what.toLowerCase()} attribute '${key}' is not valid`);
    if (seen.has(key)) throw validation(`${what} attribute key '${key}' cannot be specified more than once`);
    seen.add(key);
    attributes.set(key, value);
  }
  return attributes;
}

const modifyBalancer: Action = ({ region, params }) => {
  const balancer = balancerOf(region, params.need('LoadBalancerArn'));
  const attributes = changed('Load balancer', balancer.attributes, balancerAttributes[balancer.type] ?? {}, params);
  if (attributes.get('access_logs.s3.enabled') === 'true' && attributes.get('access_logs.s3.bucket') === '') throw new ApiError('InvalidConfigurationRequest', 'Access logs bucket cannot be empty when access logs are enabled');
  region.balancers.update(balancer.id, { attributes });
  return write(attributes);
};

const modifyGroup: Action = ({ region, params }) => {
  const group = targetGroupOf(region, params.need('TargetGroupArn'));
  const attributes = changed('Target group', group.attributes, groupAttributes(group.protocol), params);
  if (attributes.get('preserve_client_ip.enabled') === 'false' && group.protocol.includes('UDP')) throw new ApiError('InvalidConfigurationRequest', `Client IP preservation cannot be disabled for UDP and TCP_UDP target groups`);
  region.targetGroups.update(group.id, { attributes });
  return write(attributes);
};

const modifyListener: Action = ({ region, params }) => {
  const listener = listenerOf(region, params.need('ListenerArn'));
  const attributes = changed('Listener', listener.attributes, listenerAttributes(listener.protocol), params);
  region.listeners.update(listener.id, { attributes });
  return write(attributes);
};

export const attributeActions: Readonly<Record<string, Action>> = {
  DescribeLoadBalancerAttributes: ({ region, params }) => write(balancerOf(region, params.need('LoadBalancerArn')).attributes),
  ModifyLoadBalancerAttributes: modifyBalancer,
  DescribeTargetGroupAttributes: ({ region, params }) => write(targetGroupOf(region, params.need('TargetGroupArn')).attributes),
  ModifyTargetGroupAttributes: modifyGroup,
  DescribeListenerAttributes: ({ region, params }) => write(listenerOf(region, params.need('ListenerArn')).attributes),
  ModifyListenerAttributes: modifyListener,
};
