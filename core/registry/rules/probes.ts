import type { Container, HTTPGetAction, LifecycleHandler, Probe, ProbeHandler } from '#core/api/schema/core-v1/container.ts';
import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { FieldPath } from './field-path.ts';
import { headerNameProblem, portProblem } from './syntax.ts';

function validatePort(port: number | string, field: FieldPath): void {
  const problem = portProblem(port);
  if (problem !== undefined) field.invalid(port, problem);
}

function validateHttp({ port, httpHeaders }: HTTPGetAction, field: FieldPath): void {
  validatePort(port, field.at('port'));
  for (const { name } of httpHeaders ?? []) field.at('httpHeaders').check(name, headerNameProblem(name));
}

type Handler = ProbeHandler & LifecycleHandler;
const kinds = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function validateHandler(handler: Handler, grace: number, field: FieldPath): void {
  const [first, ...others] = kinds.filter((kind) => handler[kind] !== undefined);
  if (first === undefined) field.required('must specify a handler type');
  for (const kind of others) field.at(kind).forbidden('may not specify more than 1 handler type');
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec && (exec.command ?? []).length === 0) field.at('exec', 'command').required();
  if (httpGet) validateHttp(httpGet, field.at('httpGet'));
  if (tcpSocket) validatePort(tcpSocket.port, field.at('tcpSocket', 'port'));
  if (grpc) validatePort(grpc.port, field.at('grpc', 'port'));
  if (sleep && (sleep.seconds < 0 || sleep.seconds > grace)) {
    field.at('sleep').invalid(sleep.seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`);
  }
}

const graceOf = (spec: PodSpec): number => spec.terminationGracePeriodSeconds ?? 30;

function validateProbe(probe: Probe, spec: PodSpec, field: FieldPath): void {
  validateHandler(probe, graceOf(spec), field);
  for (const name of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    field.at(name).notNegative(probe[name]);
  }
  const { terminationGracePeriodSeconds: grace } = probe;
  if (grace !== undefined && grace <= 0) field.at('terminationGracePeriodSeconds').invalid(grace, 'must be greater than 0');
}

export function validateProbes(container: Container, spec: PodSpec, field: FieldPath): void {
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name];
    if (probe === undefined) continue;
    const at = field.at(name);
    validateProbe(probe, spec, at);
    const { successThreshold = 1, terminationGracePeriodSeconds: grace } = probe;
    if (name !== 'readinessProbe' && successThreshold !== 1) at.at('successThreshold').invalid(successThreshold, 'must be 1');
    if (name === 'readinessProbe' && grace !== undefined) at.at('terminationGracePeriodSeconds').invalid(grace, 'must not be set for readinessProbes');
  }
}

export function validateLifecycle({ lifecycle }: Container, spec: PodSpec, field: FieldPath): void {
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = lifecycle?.[name];
    if (handler !== undefined) validateHandler(handler, graceOf(spec), field.at('lifecycle', name));
  }
}
