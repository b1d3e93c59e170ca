import type { APIService, APIServiceCondition, ServiceReference } from '#core/api/schema/apiregistration-v1.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import type { EndpointSlice } from '#core/api/schema/discovery-v1.ts';

/** What is to be said of an APIService. */
export type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>;

export const local: Verdict = { status: 'True', reason: 'Local', message: 'Local APIServices are always available' };
export const passed: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' };

const missing = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });

export const failedCheck = (message: string): Verdict => missing('FailedDiscoveryCheck', message);

/** What stands in the way of asking the server at all; undefined when nothing does. */
export function obstacle({ namespace = '', name = '', port = 443 }: ServiceReference, service: Service | undefined, slices: readonly EndpointSlice[]): Verdict | undefined {
  const subject = `service/${name} in ${JSON.stringify(namespace)}`;
  if (service === undefined) return missing('ServiceNotFound', `${subject} is not present`);
  // Others are reached by ways that are not seen from here.
  if (service.spec.type !== 'ClusterIP') return undefined;
  const served = service.spec.ports?.find((candidate) => candidate.port === port);
  if (served === undefined) return missing('ServicePortError', `${subject} is not listening on port ${port}`);
  if (slices.length === 0) return missing('EndpointsNotFound', `cannot find endpointslices for ${subject}`);
  const portName = served.name ?? '';
  if (slices.some((slice) => isReady(slice, portName))) return undefined;
  return missing('MissingEndpoints', `endpointslices for ${subject} have no addresses with port name ${JSON.stringify(portName)}`);
}

const isReady = ({ endpoints, ports = [] }: EndpointSlice, portName: string): boolean =>
  endpoints.some(({ conditions }) => conditions.ready !== false) && ports.some(({ name = '', port }) => name === portName && port !== undefined);

/** The conditions with the verdict; undefined when they say so already. */
export function conditionsWith({ status: { conditions = [] } }: APIService, verdict: Verdict, now: string): APIServiceCondition[] | undefined {
  const before = conditions.find(({ type }) => type === 'Available');
  if (before?.status === verdict.status && before.reason === verdict.reason && before.message === verdict.message) return undefined;
  const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime ?? now : now;
  return [...conditions.filter(({ type }) => type !== 'Available'), { type: 'Available', lastTransitionTime, ...verdict }];
}
