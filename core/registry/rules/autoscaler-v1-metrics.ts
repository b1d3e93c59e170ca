import type * as v1 from '#core/api/schema/autoscaling-v1.ts';
import type * as v2 from '#core/api/schema/autoscaling-v2.ts';

/** The object without members that are not set, so that an absent field stays absent. */
export const compact = <T extends object>(object: T): T => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

/** Where the older form must have an amount, 0 stands for none when there is another to go by. */
const amount = (value: string, other: unknown): string | undefined => (value === '0' && other !== undefined ? undefined : value);

type ResourceFrom = Pick<v1.ResourceMetricSource, 'targetAverageUtilization' | 'targetAverageValue'>;

const resourceTarget = ({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue }: ResourceFrom): v2.MetricTarget =>
  compact({ type: averageUtilization === undefined ? 'AverageValue' : 'Utilization', averageValue, averageUtilization });

const resourceSource = ({ averageUtilization, averageValue }: v2.MetricTarget): ResourceFrom =>
  ({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue });

export function metricToV1({ type, object, pods, resource, containerResource, external }: v2.MetricSpec): v1.MetricSpec {
  return compact<v1.MetricSpec>({
    type,
    object: object && compact({
      target: object.describedObject, metricName: object.metric.name, targetValue: object.target.value ?? '0',
      selector: object.metric.selector, averageValue: object.target.averageValue,
    }),
    pods: pods && compact({ metricName: pods.metric.name, targetAverageValue: pods.target.averageValue ?? '0', selector: pods.metric.selector }),
    resource: resource && compact({ name: resource.name, ...resourceSource(resource.target) }),
    containerResource: containerResource && compact({
      name: containerResource.name, ...resourceSource(containerResource.target), container: containerResource.container,
    }),
    external: external && compact({
      metricName: external.metric.name, metricSelector: external.metric.selector,
      targetValue: external.target.value, targetAverageValue: external.target.averageValue,
    }),
  });
}

export function metricFromV1({ type, object, pods, resource, containerResource, external }: v1.MetricSpec): v2.MetricSpec {
  return compact<v2.MetricSpec>({
    type,
    object: object && {
      describedObject: object.target,
      target: compact<v2.MetricTarget>({
        type: object.averageValue === undefined ? 'Value' : 'AverageValue', value: amount(object.targetValue, object.averageValue), averageValue: object.averageValue,
      }),
      metric: compact({ name: object.metricName, selector: object.selector }),
    },
    pods: pods && { metric: compact({ name: pods.metricName, selector: pods.selector }), target: { type: 'AverageValue', averageValue: pods.targetAverageValue } },
    resource: resource && { name: resource.name, target: resourceTarget(resource) },
    containerResource: containerResource && { name: containerResource.name, target: resourceTarget(containerResource), container: containerResource.container },
    external: external && {
      metric: compact({ name: external.metricName, selector: external.metricSelector }),
      target: compact<v2.MetricTarget>({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value', value: external.targetValue, averageValue: external.targetAverageValue,
      }),
    },
  });
}

export function statusToV1({ type, object, pods, resource, containerResource, external }: v2.MetricStatus): v1.MetricStatus {
  const ofResource = ({ averageUtilization, averageValue = '0' }: v2.MetricValueStatus) =>
    ({ currentAverageUtilization: averageUtilization, currentAverageValue: averageValue });
  return compact<v1.MetricStatus>({
    type,
    object: object && compact({
      target: object.describedObject, metricName: object.metric.name, currentValue: object.current.value ?? '0',
      selector: object.metric.selector, averageValue: object.current.averageValue,
    }),
    pods: pods && compact({ metricName: pods.metric.name, currentAverageValue: pods.current.averageValue ?? '0', selector: pods.metric.selector }),
    resource: resource && compact({ name: resource.name, ...ofResource(resource.current) }),
    containerResource: containerResource && compact({
      name: containerResource.name, ...ofResource(containerResource.current), container: containerResource.container,
    }),
    external: external && compact({
      metricName: external.metric.name, metricSelector: external.metric.selector,
      currentValue: external.current.value ?? '0', currentAverageValue: external.current.averageValue,
    }),
  });
}

export function statusFromV1({ type, object, pods, resource, containerResource, external }: v1.MetricStatus): v2.MetricStatus {
  const ofResource = ({ currentAverageUtilization: averageUtilization, currentAverageValue }: Pick<v1.ResourceMetricStatus, 'currentAverageUtilization' | 'currentAverageValue'>) =>
    compact({ averageValue: amount(currentAverageValue, averageUtilization), averageUtilization });
  return compact<v2.MetricStatus>({
    type,
    object: object && {
      metric: compact({ name: object.metricName, selector: object.selector }),
      current: compact({ value: amount(object.currentValue, object.averageValue), averageValue: object.averageValue }),
      describedObject: object.target,
    },
    pods: pods && { metric: compact({ name: pods.metricName, selector: pods.selector }), current: { averageValue: pods.currentAverageValue } },
    resource: resource && { name: resource.name, current: ofResource(resource) },
    containerResource: containerResource && { name: containerResource.name, current: ofResource(containerResource), container: containerResource.container },
    external: external && {
      metric: compact({ name: external.metricName, selector: external.metricSelector }),
      current: compact({ value: amount(external.currentValue, external.currentAverageValue), averageValue: external.currentAverageValue }),
    },
  });
}
