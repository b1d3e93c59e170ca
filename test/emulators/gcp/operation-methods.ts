import { ApiError, notFound } from './api-error.ts';
import { memberPath, memberTemplate, readMethods, type Family } from './family.ts';
import type { Json } from './json.ts';
import { aggregatedAnswer, aggregatedQuery, scopesOf } from './lists.ts';
import type { Call, Method } from './method.ts';

const common = { collection: 'operations', parameter: 'operation', kind: 'compute#operation', noun: 'operation' } as const;

const families: readonly Family[] = [
  { ...common, service: 'zoneOperations', scope: 'zones' },
  { ...common, service: 'regionOperations', scope: 'regions' },
  { ...common, service: 'globalOperations', scope: 'global' },
];

async function wait(call: Call, family: Family): Promise<Json> {
  const path = memberPath(call, family);
  call.cloud.read(path);
  const operation = await call.cloud.operations.wait(path);
  if (operation === undefined) throw notFound(path);
  return operation;
}

function remove(call: Call, family: Family): Json {
  const path = memberPath(call, family);
  const operation = call.cloud.read(path);
  if (operation['status'] !== 'DONE') throw new ApiError(400, 'resourceNotReady', `The resource '${path}' is not ready`);
  call.cloud.resources.remove(path);
  return {};
}

function methodsOf(family: Family): readonly Method[] {
  return [
    ...readMethods(family),
    { id: `compute.${family.service}.wait`, verb: 'POST', path: `${memberTemplate(family)}/wait`, permission: `compute.${family.service}.get`, handle: (call) => wait(call, family) },
    { id: `compute.${family.service}.delete`, verb: 'DELETE', path: memberTemplate(family), handle: (call) => remove(call, family) },
  ];
}

const scopes = scopesOf('global', 'regions', 'zones');

export const operationMethods: readonly Method[] = [
  ...families.flatMap(methodsOf),
  { id: 'compute.globalOperations.aggregatedList', verb: 'GET', path: 'aggregated/operations', query: aggregatedQuery, permission: 'compute.globalOperations.list', handle: (call) => aggregatedAnswer(call, 'compute#operationAggregatedList', 'operations', scopes) },
];
