import type { EnvFromSource, EnvVar, EnvVarSource } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ConfigMapKeySelector, SecretKeySelector } from '#core/api/schema/core-v1/references.ts';
import type { EnvSources } from './env-sources.ts';
import { expand, type Lookup } from './expand.ts';
import { fieldValue, type PodAddresses } from './field-ref.ts';
import { resourceValue, type Amounts } from './resource-field.ts';
import { configFailure } from './start-failure.ts';
import type { PodContainer } from './pod-containers.ts';

export interface EnvOptions {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly sources: EnvSources;
  readonly addresses: PodAddresses;
  readonly allocatable: Amounts;
  readonly services: ReadonlyMap<string, string>;
  /** Keys that are no names of variables, and where they stand. */
  readonly skipped?: (keys: readonly string[], from: string) => void;
}

/** The printable characters of ASCII but for the equals sign. */
const isName = (key: string): boolean => /^[ -<>-~]+$/.test(key);
const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

/**
 * A container's variables in order: `envFrom`, `env`, then services. A later one takes the place of an earlier one of its name.
 * @throws {StartFailure} CreateContainerConfigError when something that is not optional is missing
 */
export async function environment(options: EnvOptions): Promise<ReadonlyMap<string, string>> {
  const { container, services } = options;
  const variables = new Map<string, string>();
  const lookup: Lookup = (name) => variables.get(name) ?? services.get(name);
  for (const source of container.envFrom ?? []) for (const [key, value] of await allOf(source, options)) variables.set(key, value);
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, options, lookup);
    if (value !== undefined) variables.set(variable.name, value);
  }
  for (const [name, value] of services) if (!variables.has(name)) variables.set(name, value);
  return variables;
}

async function allOf({ prefix = '', configMapRef, secretRef }: EnvFromSource, options: EnvOptions): Promise<readonly (readonly [string, string])[]> {
  const sort = configMapRef === undefined ? 'secret' : 'configMap';
  const { name = '', optional = false } = configMapRef ?? secretRef ?? {};
  const data = await textOf(sort, name, options.sources);
  if (data === undefined && !optional) throw configFailure(`${sort.toLowerCase()} "${name}" not found`);
  const all = Object.entries(data ?? {}).map(([key, value]) => [`${prefix}${key}`, value] as const);
  const bad = all.filter(([key]) => !isName(key)).map(([key]) => key);
  if (bad.length > 0) options.skipped?.(bad, `the EnvFrom ${sort} ${options.pod.metadata.namespace}/${name}`);
  return all.filter(([key]) => isName(key));
}

/** All values as text; undefined when there is no such object. */
async function textOf(sort: 'configMap' | 'secret', name: string, sources: EnvSources): Promise<Readonly<Record<string, string>> | undefined> {
  if (sort === 'configMap') {
    const map = await sources.configMap(name);
    return map && (map.data ?? {});
  }
  const secret = await sources.secret(name);
  return secret && Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, decoded(value)]));
}

async function valueOf({ name, value = '', valueFrom }: EnvVar, options: EnvOptions, lookup: Lookup): Promise<string | undefined> {
  if (value !== '' || valueFrom === undefined) return expand(value, lookup);
  try {
    return await fromSource(valueFrom, options);
  } catch (error) {
    if (error instanceof Error && error.name === 'Error') throw configFailure(`env ${name}: ${error.message}`, error);
    throw error;
  }
}

async function fromSource({ fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef }: EnvVarSource, options: EnvOptions): Promise<string | undefined> {
  const { pod, container, addresses, allocatable } = options;
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, addresses);
  if (resourceFieldRef) return resourceValue(resourceFieldRef, containerNamed(pod, resourceFieldRef.containerName) ?? container, allocatable);
  if (configMapKeyRef) return keyOf('configMap', configMapKeyRef, options);
  if (fileKeyRef && fileKeyRef.optional !== true) throw configFailure(`environment variables from files are not supported by this node: ${fileKeyRef.path}`);
  return secretKeyRef ? keyOf('secret', secretKeyRef, options) : undefined;
}

async function keyOf(sort: 'configMap' | 'secret', { name = '', key, optional = false }: ConfigMapKeySelector | SecretKeySelector, { pod, sources }: EnvOptions): Promise<string | undefined> {
  const data = await textOf(sort, name, sources);
  const found = data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
  if (found !== undefined || optional) return found;
  if (data === undefined) throw configFailure(`${sort.toLowerCase()} "${name}" not found`);
  throw configFailure(`couldn't find key ${key} in ${sort === 'secret' ? 'Secret' : 'ConfigMap'} ${pod.metadata.namespace}/${name}`);
}

const containerNamed = ({ spec: { containers, initContainers = [] } }: Pod, name = ''): PodContainer | undefined =>
  (name === '' ? undefined : [...containers, ...initContainers].find((container) => container.name === name));
