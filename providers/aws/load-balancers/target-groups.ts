import {
  AddTagsCommand, CreateTargetGroupCommand, DeleteTargetGroupCommand, DescribeTargetGroupAttributesCommand, ModifyTargetGroupAttributesCommand, ModifyTargetGroupCommand,
  RemoveTagsCommand, type TargetGroup as SdkGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ProviderError } from '#core/spi/errors.ts';
import type { AwsContext } from '#providers/aws/context.ts';
import { annotationPrefix } from './annotations.ts';
import { forgotten, usualOfGroup, withMemory } from './attribute-memory.ts';
import type { HealthCheck } from './health-check.ts';
import type { FoundGroup } from './inventory.ts';
import { writeTags, type Tags } from './ownership.ts';
import { difference, onceSeen } from './patience.ts';
import type { WantedGroup } from './plan.ts';

export interface StandingGroup {
  readonly arn: string;
  readonly isNew: boolean;
}

/** Of a new one, where they are what is wanted nearly always. */
const initially: ReadonlyMap<string, string> = new Map([['proxy_protocol_v2.enabled', 'false'], ['stickiness.enabled', 'false']]);

/** Brings target groups to what is wanted, but for who is in them. */
export class TargetGroups {
  readonly #context: AwsContext;

  constructor(context: AwsContext) {
    this.#context = context;
  }

  async ensure(wanted: WantedGroup, found: FoundGroup | undefined, tags: Tags, signal: AbortSignal): Promise<StandingGroup> {
    if (found === undefined) return this.#make(wanted, tags, signal);
    const { api } = this.#context;
    const { arn, group } = found;
    const missingTags = difference(withMemory(tags, wanted.attributes, initially), found.tags);
    if (missingTags.size > 0) await api.elb(new AddTagsCommand({ ResourceArns: [arn], Tags: writeTags(missingTags) }), signal);
    if (!isHealthCheck(group, wanted.health)) await api.elb(new ModifyTargetGroupCommand({ TargetGroupArn: arn, ...written(wanted.health) }), signal);
    const { Attributes = [] } = await api.elb(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: arn }), signal);
    const { back, tagKeys } = forgotten(found.tags, wanted.attributes, usualOfGroup(wanted));
    await this.#setAttributes(arn, difference(new Map([...back, ...wanted.attributes]), new Map(Attributes.map(({ Key = '', Value = '' }) => [Key, Value]))), signal);
    if (tagKeys.length > 0) await api.elb(new RemoveTagsCommand({ ResourceArns: [arn], TagKeys: [...tagKeys] }), signal);
    return { arn, isNew: false };
  }

  async remove(arn: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.api.elb(new DeleteTargetGroupCommand({ TargetGroupArn: arn }), signal);
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
    }
  }

  async #make({ name, protocol, port, targetType, addressType, health, attributes }: WantedGroup, tags: Tags, signal: AbortSignal): Promise<StandingGroup> {
    const VpcId = await this.#context.vpcId(signal);
    const arn = await this.#unlessThere(name, async () => {
      const { TargetGroups: [made] = [] } = await this.#context.api.elb(new CreateTargetGroupCommand({
        Name: name, Protocol: protocol, Port: port, VpcId, TargetType: targetType, ...(addressType === 'ipv4' ? {} : { IpAddressType: addressType }), ...written(health),
        Tags: writeTags(withMemory(tags, attributes, initially)),
      }), signal);
      return made?.TargetGroupArn ?? '';
    });
    await this.#setAttributes(arn, difference(attributes, initially), signal);
    return { arn, isNew: true };
  }

  async #unlessThere<T>(name: string, make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      if (!ProviderError.is(error, 'AlreadyExists')) throw error;
      // Names have a hash of the service's UID in them: one that was made a moment ago, for settings that have changed since.
      throw new ProviderError('Unavailable', `the target group ${name} is there, but does not show the tags by which it is known as this service's`, { cause: error });
    }
  }

  async #setAttributes(arn: string, attributes: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
    if (attributes.size === 0) return;
    // A kind of stickiness must be said before it can be on.
    const all = attributes.get('stickiness.enabled') === 'true' ? new Map([['stickiness.type', 'source_ip'], ...attributes]) : attributes;
    const { api, clock } = this.#context;
    try {
      await onceSeen(clock, signal, () => api.elb(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: arn, Attributes: writeTags(all) }), signal));
    } catch (error) {
      if (!ProviderError.is(error, 'Invalid')) throw error;
      const said = [...all].map(([key, value]) => `${key}=${value}`).join(',');
      throw new ProviderError('Invalid', `the annotation ${annotationPrefix}target-group-attributes or its kin: ${JSON.stringify(said)} is not accepted: ${error.message}`, { cause: error });
    }
  }
}

function written({ protocol, port, path, codes, healthy, unhealthy, intervalSeconds, timeoutSeconds }: HealthCheck) {
  return {
    HealthCheckProtocol: protocol, HealthCheckPort: port, HealthCheckEnabled: true, HealthCheckIntervalSeconds: intervalSeconds, HealthCheckTimeoutSeconds: timeoutSeconds,
    HealthyThresholdCount: healthy, UnhealthyThresholdCount: unhealthy,
    ...(path === undefined ? {} : { HealthCheckPath: path }), ...(codes === undefined ? {} : { Matcher: { HttpCode: codes } }),
  };
}

function isHealthCheck(group: SdkGroup, { protocol, port, path, codes, healthy, unhealthy, intervalSeconds, timeoutSeconds }: HealthCheck): boolean {
  const there = [
    group.HealthCheckProtocol, group.HealthCheckPort, group.HealthyThresholdCount, group.UnhealthyThresholdCount, group.HealthCheckIntervalSeconds, group.HealthCheckTimeoutSeconds, group.HealthCheckEnabled,
  ];
  const isSame = [protocol, port, healthy, unhealthy, intervalSeconds, timeoutSeconds, true].every((value, index) => there[index] === value);
  return isSame && (path === undefined || group.HealthCheckPath === path) && (codes === undefined || group.Matcher?.HttpCode === codes);
}
