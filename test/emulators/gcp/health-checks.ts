import { invalid, required } from './api-error.ts';
import type { Effect } from './effect.ts';
import { deleteMethod, insertMethod, memberPath, memberTemplate, readMethods, type Family } from './family.ts';
import { type Json, textOf } from './json.ts';
import type { Call, Method } from './method.ts';
import { targetOf } from './operations.ts';

export const healthChecks: Family = { service: 'healthChecks', collection: 'healthChecks', parameter: 'healthCheck', scope: 'global', kind: 'compute#healthCheck', noun: 'health_check', users: ['backendServices'], aggregated: ['global', 'regions'] };
export const regionHealthChecks: Family = { service: 'regionHealthChecks', collection: 'healthChecks', parameter: 'healthCheck', scope: 'regions', kind: 'compute#healthCheck', noun: 'health_check', users: ['backendServices'] };

/** The field that says how to check, by type. */
const details: Readonly<Record<string, string>> = {
  TCP: 'tcpHealthCheck',
  SSL: 'sslHealthCheck',
  HTTP: 'httpHealthCheck',
  HTTPS: 'httpsHealthCheck',
  HTTP2: 'http2HealthCheck',
  GRPC: 'grpcHealthCheck',
  GRPC_WITH_TLS: 'grpcTlsHealthCheck',
};

function healthCheckFields(body: Json): Json {
  const type = body['type'];
  if (type === undefined) throw required('resource.type');
  const name = details[textOf(type)];
  if (name === undefined) throw invalid('resource.type', type, 'Must be a type of health check.');
  const foreign = Object.values(details).find((each) => each !== name && body[each] !== undefined);
  if (foreign !== undefined) throw invalid(`resource.${foreign}`, '', `${foreign} cannot be specified for type ${textOf(type)}.`);
  const interval = within(body, 'checkIntervalSec', 5, 300);
  const timeout = within(body, 'timeoutSec', 5, 300);
  if (timeout > interval) throw invalid('resource.timeoutSec', textOf(timeout), 'The timeout must not be greater than checkIntervalSec.');
  return {
    description: body['description'],
    type,
    checkIntervalSec: interval,
    timeoutSec: timeout,
    healthyThreshold: within(body, 'healthyThreshold', 2, 10),
    unhealthyThreshold: within(body, 'unhealthyThreshold', 2, 10),
    logConfig: body['logConfig'],
    ...Object.fromEntries(Object.values(details).map((each) => [each, each === name ? detail(name, (body[name] ?? {}) as Json) : undefined])),
  };
}

function within(body: Json, name: string, usual: number, most: number): number {
  const value = body[name] ?? usual;
  if (Number(value) < 1 || Number(value) > most) throw invalid(`resource.${name}`, textOf(value), `Must be between 1 and ${most}.`);
  return Number(value);
}

function detail(name: string, asked: Json): Json {
  const { port, requestPath } = asked;
  const usual = { httpHealthCheck: 80, httpsHealthCheck: 443, http2HealthCheck: 443, tcpHealthCheck: 80, sslHealthCheck: 443 }[name];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) throw invalid(`resource.${name}.port`, textOf(port), 'Must be between 1 and 65535.');
  if (requestPath !== undefined && !textOf(requestPath).startsWith('/')) throw invalid(`resource.${name}.requestPath`, requestPath, "Must start with '/'.");
  const defaults: Json = { ...(name.startsWith('http') ? { requestPath: '/' } : {}), ...(name.startsWith('grpc') ? {} : { proxyHeader: 'NONE' }), ...(usual === undefined || asked['portSpecification'] !== undefined ? {} : { port: usual }) };
  return { ...defaults, ...asked };
}

function changeEffect(family: Family, operationType: 'patch' | 'update'): (call: Call) => Effect {
  return (call) => {
    const { cloud, body } = call;
    const path = memberPath(call, family);
    const check = cloud.ready(path);
    if (body['name'] !== undefined && body['name'] !== check.name) throw invalid('resource.name', body['name'], 'The name cannot be changed.');
    const fields = healthCheckFields(operationType === 'update' ? body : patched(check, body));
    return { ...targetOf(path, check), operationType, finish: () => cloud.change(path, (current) => ({ ...current, ...fields })) };
  };
}

function patched(check: Json, body: Json): Json {
  const merged: Json = { ...check, ...body };
  for (const name of Object.values(details)) if (body[name] !== undefined && check[name] !== undefined) merged[name] = { ...(check[name] as Json), ...(body[name] as Json) };
  if (body['type'] !== undefined && body['type'] !== check['type']) for (const name of Object.values(details)) if (body[name] === undefined) merged[name] = undefined;
  return merged;
}

function methodsOf(family: Family): readonly Method[] {
  return [
    ...readMethods(family),
    insertMethod(family, 'HealthCheck', ({ body }) => ({ fields: healthCheckFields(body) })),
    deleteMethod(family),
    { id: `compute.${family.service}.patch`, verb: 'PATCH', path: memberTemplate(family), body: 'HealthCheck', permission: `compute.${family.service}.update`, effect: changeEffect(family, 'patch') },
    { id: `compute.${family.service}.update`, verb: 'PUT', path: memberTemplate(family), body: 'HealthCheck', effect: changeEffect(family, 'update') },
  ];
}

export const healthCheckMethods: readonly Method[] = [...methodsOf(healthChecks), ...methodsOf(regionHealthChecks)];
