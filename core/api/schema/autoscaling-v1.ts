import { groupVersion, type KindOf } from './kind.ts';
import { LabelSelector } from './meta.ts';
import { always, atomic, int32, int64, oneOf, pointer, quantity, required, string, time, withDefault, type Of } from './type.ts';

const autoscaling = groupVersion('io.k8s.api.autoscaling.v1', 'autoscaling', 'v1');

export const ScaleSpec = autoscaling.type('ScaleSpec', 'How many pods are wanted.', {
  replicas: [1, withDefault(int32, 0), 'The number.'],
});
export type ScaleSpec = Of<typeof ScaleSpec>;

export const ScaleStatus = autoscaling.type('ScaleStatus', 'How many pods there are.', {
  replicas: [1, required(int32), 'The number that was last seen.'],
  selector: [2, string, 'Label selector that finds the pods, written as in a query.'],
});
export type ScaleStatus = Of<typeof ScaleStatus>;

export const Scale = autoscaling.kind('Scale', 'The size of a workload, whatever its kind.', {
  spec: [2, always(ScaleSpec), 'How many pods are wanted.'],
  status: [3, always(ScaleStatus), 'How many there are.'],
});
export type Scale = KindOf<typeof Scale>;

export const CrossVersionObjectReference = atomic(autoscaling.type('CrossVersionObjectReference', 'Names an object of any kind in the same namespace.', {
  kind: [1, required(string), 'Kind of the object.'],
  name: [2, required(string), 'Name of the object.'],
  apiVersion: [3, string, 'Group and version of the object.'],
}));
export type CrossVersionObjectReference = Of<typeof CrossVersionObjectReference>;

export const HorizontalPodAutoscalerSpec = autoscaling.type('HorizontalPodAutoscalerSpec', 'What to scale, within which bounds and to which use of CPU.', {
  scaleTargetRef: [1, required(CrossVersionObjectReference), 'The workload to scale.'],
  minReplicas: [2, withDefault(pointer(int32), 1), 'The least number of pods.'],
  maxReplicas: [3, required(int32), 'The most pods; not below minReplicas.'],
  targetCPUUtilizationPercentage: [4, pointer(int32), 'Use of CPU to aim at, in percent of what the pods request.'],
});
export type HorizontalPodAutoscalerSpec = Of<typeof HorizontalPodAutoscalerSpec>;

export const HorizontalPodAutoscalerStatus = autoscaling.type('HorizontalPodAutoscalerStatus', 'What an autoscaler sees and wants.', {
  observedGeneration: [1, pointer(int64), 'The generation to which this speaks.'],
  lastScaleTime: [2, time, 'When the number of pods last changed.'],
  currentReplicas: [3, required(int32), 'Pods there are.'],
  desiredReplicas: [4, required(int32), 'Pods there should be.'],
  currentCPUUtilizationPercentage: [5, pointer(int32), 'Use of CPU, in percent of what the pods request.'],
});
export type HorizontalPodAutoscalerStatus = Of<typeof HorizontalPodAutoscalerStatus>;

export const HorizontalPodAutoscaler = autoscaling.kind('HorizontalPodAutoscaler', 'Fits the number of pods to their use of CPU; autoscaling/v2 knows more measures.', {
  spec: [2, always(HorizontalPodAutoscalerSpec), 'What to scale, within which bounds.'],
  status: [3, always(HorizontalPodAutoscalerStatus), 'What the autoscaler sees and wants.'],
});
export type HorizontalPodAutoscaler = KindOf<typeof HorizontalPodAutoscaler>;

// What follows stands in annotations of this version's objects: what autoscaling/v2 can say and the fields above cannot.

export const HorizontalPodAutoscalerCondition = autoscaling.type('HorizontalPodAutoscalerCondition', 'One aspect of an autoscaler\'s state.', {
  type: [1, required(string), 'Name of the aspect: AbleToScale, ScalingActive or ScalingLimited.'],
  status: [2, required(string), 'True, False or Unknown.'],
  lastTransitionTime: [3, time, 'When status last changed.'],
  reason: [4, string, 'One word in CamelCase for programs.'],
  message: [5, string, 'A sentence for people.'],
  observedGeneration: [6, int64, 'The generation to which this speaks.'],
});
export type HorizontalPodAutoscalerCondition = Of<typeof HorizontalPodAutoscalerCondition>;

export const ObjectMetricSource = autoscaling.type('ObjectMetricSource', 'A measure of one object.', {
  target: [1, required(CrossVersionObjectReference), 'The object.'],
  metricName: [2, required(string), 'Name of the metric.'],
  targetValue: [3, required(quantity), 'Value to aim at.'],
  selector: [4, LabelSelector, 'Which series of the metric.'],
  averageValue: [5, quantity, 'Value per pod to aim at.'],
});
export type ObjectMetricSource = Of<typeof ObjectMetricSource>;

export const PodsMetricSource = autoscaling.type('PodsMetricSource', 'A measure of each pod.', {
  metricName: [1, required(string), 'Name of the metric.'],
  targetAverageValue: [2, required(quantity), 'Value per pod to aim at.'],
  selector: [3, LabelSelector, 'Which series of the metric.'],
});
export type PodsMetricSource = Of<typeof PodsMetricSource>;

export const ResourceMetricSource = autoscaling.type('ResourceMetricSource', 'What the pods use of a resource.', {
  name: [1, required(string), 'The resource, such as memory.'],
  targetAverageUtilization: [2, pointer(int32), 'Use to aim at, in percent of what the pods request.'],
  targetAverageValue: [3, quantity, 'Use per pod to aim at.'],
});
export type ResourceMetricSource = Of<typeof ResourceMetricSource>;

export const ContainerResourceMetricSource = autoscaling.type('ContainerResourceMetricSource', 'What one container of each pod uses of a resource.', {
  name: [1, required(string), 'The resource, such as memory.'],
  targetAverageUtilization: [2, pointer(int32), 'Use to aim at, in percent of what the containers request.'],
  targetAverageValue: [3, quantity, 'Use per pod to aim at.'],
  container: [5, required(string), 'Name of the container.'],
});
export type ContainerResourceMetricSource = Of<typeof ContainerResourceMetricSource>;

export const ExternalMetricSource = autoscaling.type('ExternalMetricSource', 'A measure of something outside the cluster.', {
  metricName: [1, required(string), 'Name of the metric.'],
  metricSelector: [2, LabelSelector, 'Which series of the metric.'],
  targetValue: [3, quantity, 'Value to aim at.'],
  targetAverageValue: [4, quantity, 'Value per pod to aim at.'],
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

export const ObjectMetricStatus = autoscaling.type('ObjectMetricStatus', 'The present value of a measure of one object.', {
  target: [1, required(CrossVersionObjectReference), 'The object.'],
  metricName: [2, required(string), 'Name of the metric.'],
  currentValue: [3, required(quantity), 'Its value.'],
  selector: [4, LabelSelector, 'Which series of the metric.'],
  averageValue: [5, quantity, 'Value per pod.'],
});
export type ObjectMetricStatus = Of<typeof ObjectMetricStatus>;

export const PodsMetricStatus = autoscaling.type('PodsMetricStatus', 'The present value of a measure of each pod.', {
  metricName: [1, required(string), 'Name of the metric.'],
  currentAverageValue: [2, required(quantity), 'Value per pod.'],
  selector: [3, LabelSelector, 'Which series of the metric.'],
});
export type PodsMetricStatus = Of<typeof PodsMetricStatus>;

export const ResourceMetricStatus = autoscaling.type('ResourceMetricStatus', 'What the pods use of a resource now.', {
  name: [1, required(string), 'The resource, such as memory.'],
  currentAverageUtilization: [2, pointer(int32), 'Use in percent of what the pods request.'],
  currentAverageValue: [3, required(quantity), 'Use per pod.'],
});
export type ResourceMetricStatus = Of<typeof ResourceMetricStatus>;

export const ContainerResourceMetricStatus = autoscaling.type('ContainerResourceMetricStatus', 'What one container of each pod uses of a resource now.', {
  name: [1, required(string), 'The resource, such as memory.'],
  currentAverageUtilization: [2, pointer(int32), 'Use in percent of what the containers request.'],
  currentAverageValue: [3, required(quantity), 'Use per pod.'],
  container: [4, required(string), 'Name of the container.'],
});
export type ContainerResourceMetricStatus = Of<typeof ContainerResourceMetricStatus>;

export const ExternalMetricStatus = autoscaling.type('ExternalMetricStatus', 'The present value of a measure of something outside the cluster.', {
  metricName: [1, required(string), 'Name of the metric.'],
  metricSelector: [2, LabelSelector, 'Which series of the metric.'],
  currentValue: [3, required(quantity), 'Its value.'],
  currentAverageValue: [4, quantity, 'Value per pod.'],
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
