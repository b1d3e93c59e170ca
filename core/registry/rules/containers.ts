import type { Container, ContainerPort, EnvFromSource, EnvVar, EphemeralContainer } from '#core/api/schema/core-v1/container.ts';
import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import { dataKeyProblem, dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';
import { validateRequirements } from './amounts.ts';
import { envFields, validateFieldReference, validateResourceReference } from './downward.ts';
import type { FieldPath } from './field-path.ts';
import { validateDevices, validateMounts } from './mounts.ts';
import { validateLifecycle, validateProbes } from './probes.ts';
import { validateContainerSecurity } from './security.ts';
import { envNameProblem, portNameProblem, portNumberProblem } from './syntax.ts';

/** What a container's rules need to know of its pod. */
export interface PodContext {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, Volume>;
  /** Names of the pod's device claims. */
  readonly claims: ReadonlySet<string>;
  /** The spec is a template's: what is settled when a pod is made may still be open. */
  readonly isTemplate: boolean;
}

function validatePorts(ports: readonly ContainerPort[] | undefined, field: FieldPath): void {
  const names = new Set<string>();
  for (const [i, { name = '', containerPort, hostPort = 0 }] of (ports ?? []).entries()) {
    const at = field.at(i);
    at.at('name').optional(name, portNameProblem);
    if (name !== '' && names.has(name)) at.at('name').duplicate(name);
    names.add(name);
    if (containerPort === 0) at.at('containerPort').required();
    else at.at('containerPort').within(containerPort, 1, 65535);
    if (hostPort !== 0 && portNumberProblem(hostPort) !== undefined) at.at('hostPort').within(hostPort, 1, 65535);
  }
}

interface KeyReference {
  readonly name?: string;
  readonly key: string;
}

function validateKeyReference({ name = '', key }: KeyReference, field: FieldPath): void {
  field.at('name').check(name, dnsSubdomainProblem(name));
  field.at('key').name(key, dataKeyProblem);
}

function validateEnv(variables: readonly EnvVar[] | undefined, field: FieldPath): void {
  for (const [i, { name, value = '', valueFrom }] of (variables ?? []).entries()) {
    const at = field.at(i);
    at.at('name').name(name, envNameProblem);
    if (valueFrom === undefined) continue;
    const from = at.at('valueFrom');
    const sources = Object.keys(valueFrom).length;
    if (valueFrom.fieldRef) validateFieldReference(valueFrom.fieldRef, envFields, from.at('fieldRef'));
    if (valueFrom.resourceFieldRef) validateResourceReference(valueFrom.resourceFieldRef, from.at('resourceFieldRef'));
    if (valueFrom.configMapKeyRef) validateKeyReference(valueFrom.configMapKeyRef, from.at('configMapKeyRef'));
    if (valueFrom.secretKeyRef) validateKeyReference(valueFrom.secretKeyRef, from.at('secretKeyRef'));
    if (sources === 0) from.invalid('', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`');
    else if (value !== '') from.invalid('', 'may not be specified when `value` is not empty');
    else if (sources > 1) from.invalid('', 'may not have more than one field specified at a time');
  }
}

function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, field: FieldPath): void {
  for (const [i, { prefix, configMapRef, secretRef }] of (sources ?? []).entries()) {
    const at = field.at(i);
    at.at('prefix').optional(prefix, envNameProblem);
    if (configMapRef) at.at('configMapRef', 'name').name(configMapRef.name, dnsSubdomainProblem);
    if (secretRef) at.at('secretRef', 'name').name(secretRef.name, dnsSubdomainProblem);
    if (!configMapRef && !secretRef) at.invalid('', 'must specify one of: `configMapRef` or `secretRef`');
    if (configMapRef && secretRef) at.invalid('', 'may not have more than one field specified at a time');
  }
}

function validateDeviceClaims({ resources }: Container, { claims }: PodContext, field: FieldPath): void {
  const used = new Set<string>();
  for (const [i, { name }] of (resources.claims ?? []).entries()) {
    if (name === '') field.at(i).required();
    else if (used.has(name)) field.at(i).duplicate(name);
    else if (!claims.has(name)) field.at(i).notFound(name);
    used.add(name);
  }
}

function validateResizePolicy({ resizePolicy }: Container, { spec }: PodContext, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, { resourceName, restartPolicy }] of (resizePolicy ?? []).entries()) {
    if (seen.has(resourceName)) field.at(i).duplicate(resourceName);
    seen.add(resourceName);
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      field.invalid(restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
    }
  }
}

function validateContainer(container: Container, context: PodContext, field: FieldPath): void {
  const { image = '' } = container;
  field.at('name').name(container.name, dnsLabelProblem);
  if (image === '') field.at('image').required();
  else if (image.trim() !== image) field.at('image').invalid(image, 'must not have leading or trailing whitespace');
  validatePorts(container.ports, field.at('ports'));
  validateEnv(container.env, field.at('env'));
  validateEnvFrom(container.envFrom, field.at('envFrom'));
  validateMounts(container, context.volumes, field.at('volumeMounts'));
  validateDevices(container, context.volumes, field.at('volumeDevices'));
  validateRequirements(container.resources, field.at('resources'));
  validateDeviceClaims(container, context, field.at('resources', 'claims'));
  validateResizePolicy(container, context, field.at('resizePolicy'));
  validateContainerSecurity(container.securityContext, context.spec, field.at('securityContext'));
}

/** On the node's network a port has but one number; a template may leave it open. */
const isPinned = ({ spec, isTemplate }: PodContext, hostPort: number): boolean => spec.hostNetwork === true && !(isTemplate && hostPort === 0);

function validateHostPorts(containers: readonly Container[], context: PodContext, field: FieldPath): void {
  const taken = new Set<string>();
  for (const [i, container] of containers.entries()) {
    for (const [j, { hostPort = 0, containerPort, protocol = 'TCP', hostIP = '' }] of (container.ports ?? []).entries()) {
      const at = field.at(i, 'ports', j, 'hostPort');
      if (isPinned(context, hostPort) && hostPort !== containerPort) at.invalid(hostPort, 'must match `containerPort` when `hostNetwork` is true');
      if (hostPort === 0) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) at.duplicate(key);
      taken.add(key);
    }
  }
}

function validateRegular(context: PodContext, names: Set<string>, field: FieldPath): void {
  const { containers } = context.spec;
  if (containers.length === 0) field.required();
  for (const [i, container] of containers.entries()) {
    const at = field.at(i);
    validateContainer(container, context, at);
    if (names.has(container.name)) at.at('name').duplicate(container.name);
    names.add(container.name);
    validateLifecycle(container, context.spec, at);
    validateProbes(container, context.spec, at);
    if (container.restartPolicy !== undefined) at.at('restartPolicy').forbidden('may not be set for non-init containers');
  }
  validateHostPorts(containers, context, field);
}

const ofRunning = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function validateInit(context: PodContext, names: Set<string>, field: FieldPath): void {
  for (const [i, container] of (context.spec.initContainers ?? []).entries()) {
    const at = field.at(i);
    validateContainer(container, context, at);
    if (names.has(container.name)) at.at('name').duplicate(container.name);
    names.add(container.name);
    if (container.restartPolicy === 'Always') {
      validateLifecycle(container, context.spec, at);
      validateProbes(container, context.spec, at);
    } else {
      if (container.restartPolicy !== undefined) at.at('restartPolicy').notSupported(container.restartPolicy, ['Always']);
      for (const name of ofRunning) {
        if (container[name] !== undefined) at.at(name).forbidden('may not be set for init containers without restartPolicy=Always');
      }
    }
  }
}

const notEphemeral = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resizePolicy', 'restartPolicy', 'restartPolicyRules'] as const;

function forbidForEphemeral(container: EphemeralContainer, field: FieldPath): void {
  const why = 'cannot be set for an Ephemeral Container';
  for (const name of notEphemeral) if (container[name] !== undefined) field.at(name).forbidden(why);
  if (Object.keys(container.resources).length > 0) field.at('resources').forbidden(why);
  for (const [i, { subPath = '', subPathExpr = '' }] of (container.volumeMounts ?? []).entries()) {
    if (subPath !== '') field.at('volumeMounts', i, 'subPath').forbidden(why);
    if (subPathExpr !== '') field.at('volumeMounts', i, 'subPathExpr').forbidden(why);
  }
}

function validateEphemeral(context: PodContext, names: Set<string>, field: FieldPath): void {
  const targets = new Set(names);
  for (const [i, container] of (context.spec.ephemeralContainers ?? []).entries()) {
    const at = field.at(i);
    const { targetContainerName: target = '' } = container;
    validateContainer(container, context, at);
    if (names.has(container.name)) at.at('name').duplicate(container.name);
    names.add(container.name);
    if (target !== '' && !targets.has(target)) at.at('targetContainerName').notFound(target);
    forbidForEphemeral(container, at);
  }
}

/** All containers of a pod: sound in themselves, unique by name, and in step with the pod's volumes. */
export function validateContainers(context: PodContext, field: FieldPath): void {
  const names = new Set<string>();
  validateRegular(context, names, field.at('containers'));
  validateInit(context, names, field.at('initContainers'));
  validateEphemeral(context, names, field.at('ephemeralContainers'));
}
