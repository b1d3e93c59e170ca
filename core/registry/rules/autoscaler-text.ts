import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '#core/api/schema/autoscaling-v2.ts';

const unknown = '<unknown>';
const shown = 2;

const percent = (value: number | undefined, otherwise: string): string => (value === undefined ? otherwise : `${value}%`);

/** `current/target`, by whichever of the values the target has. */
function valueText(target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current?.value ?? unknown}/${target.value ?? unknown}`;
}

function resourceText(name: string, target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined) return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`;
  return `${name}: ${percent(current?.averageUtilization, unknown)}/${percent(target.averageUtilization, '<auto>')}`;
}

interface Source {
  readonly name?: string;
  readonly target: MetricTarget;
}

const texts: readonly (readonly [field: Exclude<keyof MetricSpec, 'type'>, text: (source: Source, current: MetricValueStatus | undefined) => string])[] = [
  ['external', ({ target }, current) => valueText(target, current)],
  ['object', ({ target }, current) => valueText(target, current)],
  ['pods', ({ target }, current) => `${current?.averageValue ?? unknown}/${target.averageValue ?? unknown}`],
  ['resource', ({ name = '', target }, current) => resourceText(name, target, current)],
  ['containerResource', ({ name = '', target }, current) => resourceText(name, target, current)],
];

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  for (const [field, textOf] of texts) {
    const source: Source | undefined = metric[field];
    if (source !== undefined) return textOf(source, status?.[field]?.current);
  }
  return '<unknown type>';
}

/** The first measures with their present values and aims, such as `cpu: 12%/80%`. */
export function targetsText({ spec: { metrics = [] }, status: { currentMetrics = [] } }: HorizontalPodAutoscaler): string {
  if (metrics.length === 0) return '<none>';
  const texts = metrics.slice(0, shown).map((metric, i) => metricText(metric, currentMetrics[i]));
  return texts.join(', ') + (metrics.length > shown ? ` + ${metrics.length - shown} more...` : '');
}
