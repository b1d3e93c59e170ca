import { dnsLabelProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import type {
  HorizontalPodAutoscalerSpec, HPAScalingPolicy, HPAScalingRules, MetricIdentifier, MetricSpec, MetricTarget,
} from '#core/api/schema/autoscaling-v2.ts';
import { notNegative, validateContainerResourceName } from './amounts.ts';
import type { FieldPath } from './field-path.ts';
import { pathSegmentProblem } from './host-names.ts';

const maxPeriodSeconds = 1800;
const maxWindowSeconds = 3600;
const zero = new Quantity(0n);

export const cpuTarget = (averageUtilization: number): MetricSpec =>
  ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } });

/** In percent of what pods request. */
export const defaultUtilization = 80;

const scaleUp: HPAScalingRules = {
  stabilizationWindowSeconds: 0, selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }],
};
const scaleDown: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

export function defaultAutoscaler(spec: HorizontalPodAutoscalerSpec): void {
  spec.metrics ??= [cpuTarget(defaultUtilization)];
  if (spec.behavior !== undefined) {
    spec.behavior = { scaleUp: { ...structuredClone(scaleUp), ...spec.behavior.scaleUp }, scaleDown: { ...structuredClone(scaleDown), ...spec.behavior.scaleDown } };
  }
}

interface Reference {
  readonly kind: string;
  readonly name: string;
}

function validateReference({ kind, name }: Reference, field: FieldPath): void {
  field.at('kind').name(kind, pathSegmentProblem);
  field.at('name').name(name, pathSegmentProblem);
}

function validateMetricName({ name }: MetricIdentifier, field: FieldPath): void {
  if (name === '') field.at('name').required('must specify a metric name');
  else field.at('name').check(name, pathSegmentProblem(name));
}

const targetTypes = new Set(['Utilization', 'Value', 'AverageValue']);

function validateTarget({ type, value, averageValue, averageUtilization }: MetricTarget, field: FieldPath): void {
  if (type === '') field.at('type').required('must specify a metric target type');
  if (!targetTypes.has(type)) field.at('type').invalid(type, 'must be either Utilization, Value, or AverageValue');
  for (const [name, amount] of Object.entries({ value, averageValue })) {
    if (amount !== undefined && Quantity.parse(amount).compare(zero) <= 0) field.at(name).invalid(amount, 'must be positive');
  }
  if (averageUtilization !== undefined && averageUtilization < 1) field.at('averageUtilization').invalid(averageUtilization, 'must be greater than 0');
}

function validateResourceTarget(target: MetricTarget, field: FieldPath): void {
  validateTarget(target, field);
  const [raw, share] = [target.averageValue !== undefined, target.averageUtilization !== undefined];
  if (!raw && !share) field.at('averageUtilization').required('must set either a target raw value or a target utilization');
  if (raw && share) field.at('averageValue').forbidden('may not set both a target raw value and a target utilization');
}

function validateMeasure(metric: MetricIdentifier, target: MetricTarget, missing: string, field: FieldPath): void {
  validateMetricName(metric, field.at('metric'));
  validateTarget(target, field.at('target'));
  if (target.value === undefined && target.averageValue === undefined) field.at('target', 'averageValue').required(missing);
}

type Sources = Required<Omit<MetricSpec, 'type'>>;
const sources: { readonly [K in keyof Sources]: (source: Sources[K], field: FieldPath) => void } = {
  object({ describedObject, metric, target }, field) {
    validateReference(describedObject, field.at('describedObject'));
    validateMeasure(metric, target, 'must set either a target value or averageValue', field);
  },
  external({ metric, target }, field) {
    validateMeasure(metric, target, 'must set either a target value for metric or a per-pod target', field);
    if (target.value !== undefined && target.averageValue !== undefined) {
      field.at('target', 'value').forbidden('may not set both a target value for metric and a per-pod target');
    }
  },
  pods({ metric, target }, field) {
    validateMetricName(metric, field.at('metric'));
    validateTarget(target, field.at('target'));
    if (target.averageValue === undefined) field.at('target', 'averageValue').required('must specify a positive target averageValue');
  },
  resource({ name, target }, field) {
    if (name === '') field.at('name').required('must specify a resource name');
    validateResourceTarget(target, field.at('target'));
  },
  containerResource({ name, container, target }, field) {
    if (name === '') field.at('name').required('must specify a resource name');
    else validateContainerResourceName(name, field.at('name'));
    if (container === '') field.at('container').required('must specify a container');
    else field.at('container').check(container, dnsLabelProblem(container));
    validateResourceTarget(target, field.at('target'));
  },
};
const sourceNames = Object.keys(sources) as (keyof Sources)[];

/** `ContainerResource` stands for the field `containerResource`. */
const fieldOf = (type: string): string => type.charAt(0).toLowerCase() + type.slice(1);

/** Of several sources only the first is looked at: the others should not be there. */
function validateMetric(metric: MetricSpec, field: FieldPath): void {
  const present = sourceNames.filter((name) => metric[name] !== undefined);
  const [first] = present;
  if (first !== undefined) (sources[first] as (source: unknown, field: FieldPath) => void)(metric[first], field.at(first));
  const expected = sourceNames.find((name) => name === fieldOf(metric.type));
  if (expected !== undefined && metric[expected] === undefined) field.at(expected).required('must populate information for the given metric source');
  if (present.length === 1) return;
  for (const name of present) if (name !== expected) field.at(name).forbidden('must populate the given metric source only');
}

function validateMetrics({ metrics = [], minReplicas }: HorizontalPodAutoscalerSpec, field: FieldPath): void {
  for (const [i, metric] of metrics.entries()) validateMetric(metric, field.at(i));
  if (minReplicas !== 0 || metrics.some(({ type }) => type === 'Object' || type === 'External')) return;
  field.forbidden('must specify at least one Object or External metric to support scaling to zero replicas');
}

function validatePolicy({ value, periodSeconds }: HPAScalingPolicy, field: FieldPath): void {
  if (value <= 0) field.at('value').invalid(value, 'must be greater than zero');
  const period = field.at('periodSeconds');
  if (periodSeconds <= 0) period.invalid(periodSeconds, 'must be greater than zero');
  if (periodSeconds > maxPeriodSeconds) period.invalid(periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`);
}

function validateRules(rules: HPAScalingRules | undefined, field: FieldPath): void {
  if (rules === undefined) return;
  const { stabilizationWindowSeconds: seconds = 0, policies = [], tolerance } = rules;
  const window = field.at('stabilizationWindowSeconds');
  if (seconds < 0) window.invalid(seconds, 'must be greater than or equal to zero');
  if (seconds > maxWindowSeconds) window.invalid(seconds, `must be less than or equal to ${maxWindowSeconds}`);
  if (policies.length === 0) field.at('policies').required('must specify at least one Policy');
  for (const [i, policy] of policies.entries()) validatePolicy(policy, field.at('policies', i));
  if (tolerance !== undefined) notNegative(Quantity.parse(tolerance), field.at('tolerance'));
}

export function validateAutoscaler(spec: HorizontalPodAutoscalerSpec, field: FieldPath): void {
  const { minReplicas = 1, maxReplicas, behavior } = spec;
  if (minReplicas < 1) field.at('minReplicas').invalid(minReplicas, 'must be greater than or equal to 1');
  if (maxReplicas < 1) field.at('maxReplicas').invalid(maxReplicas, 'must be greater than 0');
  if (maxReplicas < minReplicas) field.at('maxReplicas').invalid(maxReplicas, 'must be greater than or equal to `minReplicas`');
  validateReference(spec.scaleTargetRef, field.at('scaleTargetRef'));
  validateMetrics(spec, field.at('metrics'));
  validateRules(behavior?.scaleUp, field.at('behavior', 'scaleUp'));
  validateRules(behavior?.scaleDown, field.at('behavior', 'scaleDown'));
}
