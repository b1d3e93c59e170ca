import { groupVersion, type KindOf } from './kind.ts';
import { LabelSelector } from './meta.ts';
import { always, int32, int64, list, merged, oneOf, pointer, quantity, required, string, time, withDefault, type Of } from './type.ts';

const autoscaling = groupVersion('io.k8s.api.autoscaling.v2', 'autoscaling', 'v2');

export const CrossVersionObjectReference = autoscaling.type('CrossVersionObjectReference', 'Names an object of any kind in the same namespace.', {
  kind: [1, required(string), 'Kind of the object.'],
  name: [2, required(string), 'Name of the object.'],
  apiVersion: [3, string, 'Group and version of the object.'],
});
export type CrossVersionObjectReference = Of<typeof CrossVersionObjectReference>;

export const MetricIdentifier = autoscaling.type('MetricIdentifier', 'Names a metric.', {
  name: [1, required(string), 'Name of the metric.'],
  selector: [2, LabelSelector, 'Which series of the metric.'],
});
export type MetricIdentifier = Of<typeof MetricIdentifier>;

export const MetricTarget = autoscaling.type('MetricTarget', 'The value to aim at.', {
  type: [1, required(string), 'AverageValue, Utilization or Value: which of the values below counts.'],
  value: [2, quantity, 'The value itself.'],
  averageValue: [3, quantity, 'The value per pod.'],
  averageUtilization: [4, pointer(int32), 'Use in percent of what the pods request; only for resources.'],
});
export type MetricTarget = Of<typeof MetricTarget>;

export const MetricValueStatus = autoscaling.type('MetricValueStatus', 'The present value of a metric.', {
  value: [1, quantity, 'The value itself.'],
  averageValue: [2, quantity, 'The value per pod.'],
  averageUtilization: [3, pointer(int32), 'Use in percent of what the pods request.'],
});
export type MetricValueStatus = Of<typeof MetricValueStatus>;

export const ObjectMetricSource = autoscaling.type('ObjectMetricSource', 'A measure of one object, such as requests to an Ingress.', {
  describedObject: [1, required(CrossVersionObjectReference), 'The object.'],
  target: [2, required(MetricTarget), 'The value to aim at.'],
  metric: [3, required(MetricIdentifier), 'The metric.'],
});
export type ObjectMetricSource = Of<typeof ObjectMetricSource>;

export const PodsMetricSource = autoscaling.type('PodsMetricSource', 'A measure of each pod; the mean counts.', {
  metric: [1, required(MetricIdentifier), 'The metric.'],
  target: [2, required(MetricTarget), 'The value to aim at.'],
});
export type PodsMetricSource = Of<typeof PodsMetricSource>;

export const ResourceMetricSource = autoscaling.type('ResourceMetricSource', 'What the pods use of a resource; the mean counts.', {
  name: [1, required(string), 'The resource, such as cpu.'],
  target: [2, required(MetricTarget), 'The value to aim at.'],
});
export type ResourceMetricSource = Of<typeof ResourceMetricSource>;

export const ContainerResourceMetricSource = autoscaling.type('ContainerResourceMetricSource', 'What one container of each pod uses of a resource; the mean counts.', {
  name: [1, required(string), 'The resource, such as cpu.'],
  target: [2, required(MetricTarget), 'The value to aim at.'],
  container: [3, required(string), 'Name of the container.'],
});
export type ContainerResourceMetricSource = Of<typeof ContainerResourceMetricSource>;

export const ExternalMetricSource = autoscaling.type('ExternalMetricSource', 'A measure of something outside the cluster, such as the length of a queue.', {
  metric: [1, required(MetricIdentifier), 'The metric.'],
  target: [2, required(MetricTarget), 'The value to aim at.'],
});
export type ExternalMetricSource = Of<typeof ExternalMetricSource>;

const metricType = oneOf('ContainerResource', 'External', 'Object', 'Pods', 'Resource');

export const MetricSpec = autoscaling.type('MetricSpec', 'A measure and the value to aim at.', {
  type: [1, required(metricType), 'Which of the fields below is set.'],
  object: [2, ObjectMetricSource, 'A measure of one object.'],
  pods: [3, PodsMetricSource, 'A measure of each pod.'],
  resource: [4, ResourceMetricSource, 'What the pods use of a resource.'],
  containerResource: [7, ContainerResourceMetricSource, 'What one container of each pod uses of a resource.'],
  external: [5, ExternalMetricSource, 'A measure of something outside the cluster.'],
});
export type MetricSpec = Of<typeof MetricSpec>;

export const HPAScalingPolicy = autoscaling.type('HPAScalingPolicy', 'The most that may change in a stretch of time.', {
  type: [1, required(oneOf('Percent', 'Pods')), 'What value counts: pods, or percent of them.'],
  value: [2, required(int32), 'The most that may change.'],
  periodSeconds: [3, required(int32), 'Seconds in which it may, at most 1800.'],
});
export type HPAScalingPolicy = Of<typeof HPAScalingPolicy>;

export const HPAScalingRules = autoscaling.type('HPAScalingRules', 'How fast to scale in one direction.', {
  stabilizationWindowSeconds: [3, pointer(int32), 'Seconds over which the most cautious wish counts, at most 3600; 0 upwards and 300 downwards when absent.'],
  selectPolicy: [1, withDefault(oneOf('Disabled', 'Max', 'Min'), 'Max'), 'Take the policy that allows most or least, or do not scale in this direction.'],
  policies: [2, list(HPAScalingPolicy), 'Limits to the pace.'],
  tolerance: [4, quantity, 'Share by which a measure may miss its aim before anything happens; 0.1 when absent.'],
});
export type HPAScalingRules = Of<typeof HPAScalingRules>;

export const HorizontalPodAutoscalerBehavior = autoscaling.type('HorizontalPodAutoscalerBehavior', 'How fast to scale.', {
  scaleUp: [1, HPAScalingRules, 'Upwards; by default up to twice as many or four more, whichever is more, each 15 seconds.'],
  scaleDown: [2, HPAScalingRules, 'Downwards; by default without a limit to the pace.'],
});
export type HorizontalPodAutoscalerBehavior = Of<typeof HorizontalPodAutoscalerBehavior>;

export const HorizontalPodAutoscalerSpec = autoscaling.type('HorizontalPodAutoscalerSpec', 'What to scale, within which bounds and by which measures.', {
  scaleTargetRef: [1, required(CrossVersionObjectReference), 'The workload to scale; it must have a scale subresource.'],
  minReplicas: [2, withDefault(pointer(int32), 1), 'The least number of pods.'],
  maxReplicas: [3, required(int32), 'The most pods; not below minReplicas.'],
  metrics: [4, list(MetricSpec), 'The measures; the one that asks for most pods counts. 80 % of the requested CPU when absent.'],
  behavior: [5, HorizontalPodAutoscalerBehavior, 'How fast to scale.'],
});
export type HorizontalPodAutoscalerSpec = Of<typeof HorizontalPodAutoscalerSpec>;

export const HorizontalPodAutoscalerCondition = autoscaling.type('HorizontalPodAutoscalerCondition', 'One aspect of an autoscaler\'s state.', {
  type: [1, required(string), 'Name of the aspect: AbleToScale, ScalingActive or ScalingLimited.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
});
export type HorizontalPodAutoscalerCondition = Of<typeof HorizontalPodAutoscalerCondition>;

export const ObjectMetricStatus = autoscaling.type('ObjectMetricStatus', 'The present value of a measure of one object.', {
  metric: [1, required(MetricIdentifier), 'The metric.'],
  current: [2, required(MetricValueStatus), 'Its value.'],
  describedObject: [3, required(CrossVersionObjectReference), 'The object.'],
});
export type ObjectMetricStatus = Of<typeof ObjectMetricStatus>;

export const PodsMetricStatus = autoscaling.type('PodsMetricStatus', 'The present value of a measure of each pod.', {
  metric: [1, required(MetricIdentifier), 'The metric.'],
  current: [2, required(MetricValueStatus), 'Its value.'],
});
export type PodsMetricStatus = Of<typeof PodsMetricStatus>;

export const ResourceMetricStatus = autoscaling.type('ResourceMetricStatus', 'What the pods use of a resource now.', {
  name: [1, required(string), 'The resource, such as cpu.'],
  current: [2, required(MetricValueStatus), 'What they use.'],
});
export type ResourceMetricStatus = Of<typeof ResourceMetricStatus>;

export const ContainerResourceMetricStatus = autoscaling.type('ContainerResourceMetricStatus', 'What one container of each pod uses of a resource now.', {
  name: [1, required(string), 'The resource, such as cpu.'],
  current: [2, required(MetricValueStatus), 'What they use.'],
  container: [3, required(string), 'Name of the container.'],
});
export type ContainerResourceMetricStatus = Of<typeof ContainerResourceMetricStatus>;

export const ExternalMetricStatus = autoscaling.type('ExternalMetricStatus', 'The present value of a measure of something outside the cluster.', {
  metric: [1, required(MetricIdentifier), 'The metric.'],
  current: [2, required(MetricValueStatus), 'Its value.'],
});
export type ExternalMetricStatus = Of<typeof ExternalMetricStatus>;

export const MetricStatus = autoscaling.type('MetricStatus', 'The present value of a measure.', {
  type: [1, required(metricType), 'Which of the fields below is set.'],
  object: [2, ObjectMetricStatus, 'A measure of one object.'],
  pods: [3, PodsMetricStatus, 'A measure of each pod.'],
  resource: [4, ResourceMetricStatus, 'What the pods use of a resource.'],
  containerResource: [7, ContainerResourceMetricStatus, 'What one container of each pod uses of a resource.'],
  external: [5, ExternalMetricStatus, 'A measure of something outside the cluster.'],
});
export type MetricStatus = Of<typeof MetricStatus>;

export const HorizontalPodAutoscalerStatus = autoscaling.type('HorizontalPodAutoscalerStatus', 'What an autoscaler sees and wants.', {
  observedGeneration: [1, pointer(int64), 'The generation to which this speaks.'],
  lastScaleTime: [2, time, 'When the number of pods last changed.'],
  currentReplicas: [3, int32, 'Pods there are.'],
  desiredReplicas: [4, required(int32), 'Pods there should be.'],
  currentMetrics: [5, list(MetricStatus), 'Present values of the measures.'],
  conditions: [6, merged(HorizontalPodAutoscalerCondition, ['type']), 'Whether the autoscaler can and does scale.'],
});
export type HorizontalPodAutoscalerStatus = Of<typeof HorizontalPodAutoscalerStatus>;

export const HorizontalPodAutoscaler = autoscaling.kind('HorizontalPodAutoscaler', 'Fits the number of pods to what is measured.', {
  spec: [2, always(HorizontalPodAutoscalerSpec), 'What to scale, within which bounds and by which measures.'],
  status: [3, always(HorizontalPodAutoscalerStatus), 'What the autoscaler sees and wants.'],
});
export type HorizontalPodAutoscaler = KindOf<typeof HorizontalPodAutoscaler>;
