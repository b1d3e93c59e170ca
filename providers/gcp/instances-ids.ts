/** An instance within its project. */
export interface InstanceKey {
  readonly zone: string;
  readonly name: string;
}

export const providerIdPrefix = 'gce://';

export const providerIdOf = (project: string, { zone, name }: InstanceKey): string => `${providerIdPrefix}${project}/${zone}/${name}`;

/** For maps. */
export const keyText = ({ zone, name }: InstanceKey): string => `${zone}/${name}`;

/** A name that Compute Engine gives to things, RFC 1035's. */
export const isResourceName = (name: string): boolean => /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name);

/** Whether an instance can have it: as its name, with a domain behind it, or as its host name. */
export const isHostName = (name: string): boolean => name.length <= 253 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(name);

/** Undefined of what is no id of an instance of Compute Engine. */
export function parseProviderId(id: string): (InstanceKey & { readonly project: string }) | undefined {
  const [, project = '', zone = '', name = ''] = /^gce:\/\/([a-z0-9.:-]{1,200})\/([a-z0-9-]{1,63})\/([^/]+)$/.exec(id) ?? [];
  return isResourceName(name) ? { project, zone, name } : undefined;
}

/** Of a link such as `https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/instances/n`; undefined of others. */
export function parseInstanceLink(link: string): (InstanceKey & { readonly project: string }) | undefined {
  const [, project = '', zone = '', name = ''] = /(?:^|\/)projects\/([^/]+)\/zones\/([^/]+)\/instances\/([^/]+)$/.exec(link) ?? [];
  return name === '' ? undefined : { project, zone, name };
}
