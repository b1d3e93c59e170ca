import * as v1 from '#core/api/schema/autoscaling-v1.ts';
import * as v2 from '#core/api/schema/autoscaling-v2.ts';
import { decode } from '#core/api/schema/decode.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import type { ObjectMeta } from '#core/api/schema/meta.ts';
import type { Struct, Type } from '#core/api/schema/type.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import { cpuTarget } from './autoscaler-spec.ts';
import { compact, metricFromV1, metricToV1, statusFromV1, statusToV1 } from './autoscaler-v1-metrics.ts';

/** In autoscaling/v1 these hold what its fields cannot say. */
const prefix = 'autoscaling.alpha.kubernetes.io/';
export const metricsAnnotation = `${prefix}metrics`;
const behaviorAnnotation = `${prefix}behavior`;
/** They tell of the status, so authors do not write them. */
export const statusAnnotations = [`${prefix}current-metrics`, `${prefix}conditions`] as const;
const [currentAnnotation, conditionsAnnotation] = statusAnnotations;

type Annotations = ObjectMeta['annotations'];

function without(annotations: Annotations): Annotations {
  const own = new Set<string>([metricsAnnotation, behaviorAnnotation, ...statusAnnotations]);
  const kept = Object.entries(annotations ?? {}).filter(([name]) => !own.has(name));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Takes the annotations of the older form away, in place: the newer form has fields for what they say. */
export function withoutOlderForm(metadata: ObjectMeta): void {
  const kept = without(metadata.annotations);
  if (kept === undefined) delete metadata.annotations;
  else metadata.annotations = kept;
}

/** What an annotation says; undefined when it is absent or makes no sense. */
function read<T>(text: string | undefined, interpret: (value: unknown) => T): T | undefined {
  if (text === undefined) return undefined;
  try {
    return interpret(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || StatusError.is(error)) return undefined;
    throw error;
  }
}

const itemsOf = <T>(struct: Struct<T>) => (value: unknown): T[] =>
  (Array.isArray(value) ? value.map((item) => decode(struct, item, { kind: v1.HorizontalPodAutoscaler }).value) : []);

/** Names of fields as in Go, and back in whatever case; upstream writes the behavior without names for JSON. */
const goName = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const memberIn = (object: JsonObject, name: string): unknown => object[Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase()) ?? ''];

function renamed(type: Type, value: unknown, member: (object: JsonObject, name: string) => unknown, rename: (name: string) => string): unknown {
  if (type.form === 'list') return Array.isArray(value) ? value.map((item) => renamed(type.of, item, member, rename)) : value;
  if (type.form !== 'struct' || !isObject(value)) return value;
  const fields = [...type.fields.values()].map((field) => [rename(field.name), renamed(field.type, member(value, field.name), member, rename)] as const);
  return Object.fromEntries(fields.filter(([, each]) => each !== undefined && each !== null));
}

const behaviorToGo = (behavior: v2.HorizontalPodAutoscalerBehavior): unknown =>
  renamed(v2.HorizontalPodAutoscalerBehavior, behavior, (object, name) => object[name], goName);

const behaviorFromGo = (value: unknown): v2.HorizontalPodAutoscalerBehavior =>
  decode(v2.HorizontalPodAutoscalerBehavior, renamed(v2.HorizontalPodAutoscalerBehavior, value, memberIn, (name) => name), { kind: v2.HorizontalPodAutoscaler }).value;

interface WithResource {
  readonly type: string;
  readonly resource?: { readonly name: string };
}

const isCpu = ({ type, resource }: WithResource): boolean => type === 'Resource' && resource?.name === 'cpu';
const isTarget = (metric: v2.MetricSpec): boolean => isCpu(metric) && metric.resource?.target.averageUtilization !== undefined;

/** Metrics for the annotation. The one that the field stands for comes last when it is not among them. */
function otherMetrics(metrics: readonly v2.MetricSpec[]): readonly v2.MetricSpec[] {
  const targets = metrics.filter(isTarget);
  const implied = targets.length === 1 && targets[0] === metrics.at(-1);
  return implied ? metrics.slice(0, -1) : metrics;
}

function metricsOf(utilization: number | undefined, listed: readonly v2.MetricSpec[]): v2.MetricSpec[] {
  if (utilization === undefined) return listed.filter((metric) => !isTarget(metric));
  const at = listed.findIndex(isTarget);
  return at < 0 ? [...listed, cpuTarget(utilization)] : listed.with(at, cpuTarget(utilization));
}

/** Whether the annotation names metrics, so that none is needed for want of any. */
export const namesMetrics = ({ metadata }: v1.HorizontalPodAutoscaler): boolean =>
  (read(metadata.annotations?.[metricsAnnotation], itemsOf(v1.MetricSpec)) ?? []).length > 0;

const text = (items: readonly unknown[]): string | undefined => (items.length === 0 ? undefined : JSON.stringify(items));

/** The newer form as the older one shows it. `autoscalerFromV1` undoes it. */
export function autoscalerToV1({ metadata, spec, status }: v2.HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const { scaleTargetRef, minReplicas, maxReplicas, metrics = [], behavior } = spec;
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas, currentMetrics = [], conditions = [] } = status;
  const annotations = compact<Record<string, string | undefined>>({
    ...without(metadata.annotations),
    [metricsAnnotation]: text(otherMetrics(metrics).map(metricToV1)),
    [behaviorAnnotation]: behavior && JSON.stringify(behaviorToGo(behavior)),
    [currentAnnotation]: text(currentMetrics.map(statusToV1)),
    [conditionsAnnotation]: text(conditions),
  }) as Record<string, string>;
  const { annotations: _, ...identity } = metadata;
  return {
    apiVersion: apiVersionOf(v1.HorizontalPodAutoscaler), kind: v1.HorizontalPodAutoscaler.kind,
    metadata: Object.keys(annotations).length === 0 ? identity : { ...identity, annotations },
    spec: compact({ scaleTargetRef, minReplicas, maxReplicas, targetCPUUtilizationPercentage: metrics.find(isTarget)?.resource?.target.averageUtilization }),
    status: compact({
      observedGeneration, lastScaleTime, currentReplicas, desiredReplicas,
      currentCPUUtilizationPercentage: currentMetrics.find(isCpu)?.resource?.current.averageUtilization,
    }),
  };
}

export function autoscalerFromV1({ metadata, spec, status }: v1.HorizontalPodAutoscaler): v2.HorizontalPodAutoscaler {
  const given = metadata.annotations ?? {};
  const { scaleTargetRef, minReplicas, maxReplicas, targetCPUUtilizationPercentage: utilization } = spec;
  const { observedGeneration, lastScaleTime, currentReplicas, desiredReplicas, currentCPUUtilizationPercentage: used } = status;
  const metrics = metricsOf(utilization, (read(given[metricsAnnotation], itemsOf(v1.MetricSpec)) ?? []).map(metricFromV1));
  const cpu: v2.MetricStatus[] | undefined = used === undefined ? undefined : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } }];
  const annotations = without(given);
  const { annotations: _, ...identity } = metadata;
  return {
    apiVersion: apiVersionOf(v2.HorizontalPodAutoscaler), kind: v2.HorizontalPodAutoscaler.kind,
    metadata: annotations === undefined ? identity : { ...identity, annotations },
    spec: compact({
      scaleTargetRef, minReplicas, maxReplicas, metrics: metrics.length === 0 ? undefined : metrics, behavior: read(given[behaviorAnnotation], behaviorFromGo),
    }),
    status: compact({
      observedGeneration, lastScaleTime, currentReplicas: currentReplicas === 0 ? undefined : currentReplicas, desiredReplicas,
      currentMetrics: read(given[currentAnnotation], itemsOf(v1.MetricStatus))?.map(statusFromV1) ?? cpu,
      conditions: read(given[conditionsAnnotation], itemsOf(v1.HorizontalPodAutoscalerCondition)),
    }),
  };
}
