import { dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';
import type { FieldPath } from './field-path.ts';
import { absolutePathProblem, backstepProblem, localPathProblem } from './syntax.ts';

/** The rules of one volume source. */
export type Check<T> = (source: T, field: FieldPath) => void;
/** One check for every source of `S`, so that a new source cannot be forgotten. */
export type Checks<S> = { readonly [K in keyof S]-?: Check<NonNullable<S[K]>> };

/** Exactly one of the sources that `checks` knows must be set, and it must be sound. */
export function exactlyOne<S extends object>(source: S, checks: Checks<S>, field: FieldPath): void {
  let found = false;
  for (const [name, check] of Object.entries(checks as Readonly<Record<string, Check<never>>>)) {
    const value: unknown = Reflect.get(source, name);
    if (value === undefined) continue;
    if (found) field.at(name).forbidden('may not specify more than 1 volume type');
    else check(value as never, field.at(name));
    found = true;
  }
  if (!found) field.required('must specify a volume type');
}

const missing = (value: unknown): boolean => value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** These fields may not be empty. */
export const needs = <const N extends string>(...names: N[]): Check<{ readonly [K in N]?: unknown }> => (source, field) => {
  for (const name of names) if (missing(source[name])) field.at(name).required();
};

/** Both checks. */
export const both = <A, B>(first: Check<A>, second: Check<B>): Check<A & B> => (source, field) => {
  first(source, field);
  second(source, field);
};

type Named = { readonly name?: string | undefined } | undefined;
const secretName = (secret: Named, field: FieldPath): void => {
  if (secret !== undefined && missing(secret.name)) field.at('secretRef', 'name').required();
};

/** A reference to a secret that needs no namespace, where it is given. */
export const localSecret: Check<{ readonly secretRef?: Named }> = ({ secretRef }, field) => secretName(secretRef, field);

type Reference = { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined;
/** As `localSecret`, for objects without a namespace of their own. */
export const namespacedSecret: Check<{ readonly secretRef?: Reference }> = ({ secretRef }, field) => {
  secretName(secretRef, field);
  if (secretRef !== undefined && missing(secretRef.namespace)) field.at('secretRef', 'namespace').required();
};

export const hostPath: Check<{ readonly path?: string }> = ({ path }, field) => {
  if (missing(path)) field.at('path').required();
  else field.at('path').optional(path, backstepProblem);
};

export const partitioned: Check<{ readonly partition?: number }> = ({ partition }, field) => field.at('partition').within(partition, 0, 255);

export const nfs: Check<{ readonly server?: string; readonly path?: string }> = (source, field) => {
  needs('server')(source, field);
  field.at('path').name(source.path, absolutePathProblem);
};

function initiatorProblem(value: string): string | undefined {
  const formats = { iqn: /^iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)$/, eui: /^eui.[A-Za-z0-9]{16}$/, naa: /^naa.[A-Za-z0-9]{32}$/ };
  for (const [prefix, format] of Object.entries(formats)) {
    if (value.startsWith(prefix)) return format.test(value) ? undefined : 'must be valid format';
  }
  return 'must be valid format starting with iqn, eui, or naa';
}

interface Iscsi {
  readonly targetPortal?: string;
  readonly iqn?: string;
  readonly lun?: number;
  readonly initiatorName?: string;
  readonly chapAuthDiscovery?: boolean;
  readonly chapAuthSession?: boolean;
  readonly secretRef?: Named;
}
export const iscsi: Check<Iscsi> = (source, field) => {
  needs('targetPortal')(source, field);
  field.at('iqn').name(source.iqn, initiatorProblem);
  field.at('lun').within(source.lun, 0, 255);
  if ((source.chapAuthDiscovery === true || source.chapAuthSession === true) && source.secretRef === undefined) field.at('secretRef').required();
  field.at('initiatorName').optional(source.initiatorName, initiatorProblem);
};

export const fc: Check<{ readonly targetWWNs?: readonly string[]; readonly wwids?: readonly string[]; readonly lun?: number }> = (source, field) => {
  const { targetWWNs = [], wwids = [], lun } = source;
  const at = field.at('targetWWNs');
  if (targetWWNs.length === 0 && wwids.length === 0) at.required('must specify either targetWWNs or wwids, but not both');
  if (targetWWNs.length > 0 && wwids.length > 0) at.invalid(targetWWNs, 'targetWWNs and wwids can not be specified simultaneously');
  if (targetWWNs.length > 0 && lun === undefined) field.at('lun').required('lun is required if targetWWNs is specified');
  if (targetWWNs.length > 0) field.at('lun').within(lun, 0, 255);
};

export const flexVolume: Check<{ readonly driver?: string; readonly options?: Readonly<Record<string, string>> }> = (source, field) => {
  needs('driver')(source, field);
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${key.split('/')[0]?.toLowerCase() ?? ''}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) {
      field.at('options').key(key).invalid(key, 'kubernetes.io and k8s.io namespaces are reserved');
    }
  }
};

export const flocker: Check<{ readonly datasetName?: string; readonly datasetUUID?: string }> = ({ datasetName = '', datasetUUID = '' }, field) => {
  if (datasetName === '' && datasetUUID === '') field.required('one of datasetName and datasetUUID is required');
  if (datasetName !== '' && datasetUUID !== '') field.invalid('resource', 'datasetName and datasetUUID can not be specified simultaneously');
  if (datasetName.includes('/')) field.at('datasetName').invalid(datasetName, "must not contain '/'");
};

const hostPortsProblem = (value: string): string | undefined =>
  value.split(',').every((pair) => /^([^:[\]]*|\[[^\]]*\]):[^:]*$/.test(pair)) ? undefined : 'must be a host:port pair or multiple pairs separated by commas';
export const quobyte: Check<{ readonly registry?: string; readonly volume?: string; readonly tenant?: string }> = (source, field) => {
  field.at('registry').name(source.registry, hostPortsProblem);
  if ((source.tenant ?? '').length >= 65) field.at('tenant').required('must be a UUID and may not exceed a length of 64 characters');
  needs('volume')(source, field);
};

export const azureDisk: Check<{ readonly diskName?: string; readonly diskURI?: string; readonly kind?: string }> = (source, field) => {
  needs('diskName', 'diskURI')(source, field);
  const { diskURI = '', kind } = source;
  const managed = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
  const blob = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) field.at('diskURI').notSupported(diskURI, [managed]);
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) field.at('diskURI').notSupported(diskURI, [blob]);
};

export const storageos: Check<{ readonly volumeName?: string; readonly volumeNamespace?: string }> = (source, field) => {
  field.at('volumeName').name(source.volumeName, dnsLabelProblem);
  field.at('volumeNamespace').optional(source.volumeNamespace, dnsLabelProblem);
};

export const gitRepo: Check<{ readonly repository?: string; readonly directory?: string }> = (source, field) => {
  needs('repository')(source, field);
  field.at('directory').optional(source.directory, localPathProblem);
};

/** The name of a CSI driver, also where it stands in a node's or an attachment's fields. */
export function driverName(value: string | undefined, field: FieldPath): void {
  if (value !== undefined && value.length > 63) field.tooLong(63);
  field.name(value, (name) => dnsSubdomainProblem(name.toLowerCase()));
}
