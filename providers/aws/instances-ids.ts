import type { InstanceQuestion } from '#core/spi/instances.ts';
import { regionOfZone } from './place-names.ts';

export const providerIdPrefix = 'aws://';

/** A zone, as it should be; a region, as some write it; or nothing. */
const providerIdForm = /^aws:\/\/\/(?:(?<place>[a-z0-9-]*)\/)?(?<id>i-(?:[0-9a-f]{8}|[0-9a-f]{17}))$/;
const privateNameForm = /^(?:ip-\d{1,3}(?:-\d{1,3}){3}|i-(?:[0-9a-f]{8}|[0-9a-f]{17}))\.(?:ec2|[a-z0-9-]+\.compute)\.internal$|^i-[0-9a-f]{17}$/;
const instanceNameForm = /^(?<id>i-(?:[0-9a-f]{8}|[0-9a-f]{17}))(?:\.(?<domain>.+))?$/;
const hostNameForm = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

export const providerIdOf = (zone: string, instanceId: string): string => `${providerIdPrefix}/${zone}/${instanceId}`;

/** Where private names end in a region. */
export const privateDomain = (region: string): string => (region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`);

/** Only EC2 gives names like this one. */
export const isPrivateName = (name: string): boolean => privateNameForm.test(name);

/** The instance's id in a provider id, and the region that is named there, if one is. Undefined for what is no id of an instance. */
export function readProviderId(providerId: string): { readonly instanceId: string; readonly region: string | undefined } | undefined {
  const { id, place = '' } = providerIdForm.exec(providerId)?.groups ?? {};
  if (id === undefined) return undefined;
  return { instanceId: id, region: place === '' ? undefined : regionOfZone(place) ?? place };
}

/** What a question asks for, or the reason why it has no answer. */
export type Wanted =
  | { readonly by: 'id'; readonly instanceId: string; readonly isPlaced: boolean }
  | { readonly by: 'name'; readonly name: string; readonly instanceId: string | undefined }
  | { readonly by: 'nothing'; readonly reason: string };

export function wantedBy({ node, providerId }: InstanceQuestion, region: string): Wanted {
  if (providerId === '') return wantedByName(node, region);
  const read = readProviderId(providerId);
  if (read === undefined) return { by: 'nothing', reason: `${shown(providerId)} is no id of an instance such as ${providerIdOf(`${region}a`, 'i-0123456789abcdef0')}` };
  if (read.region !== undefined && read.region !== region) return { by: 'nothing', reason: `${shown(providerId)} is not in ${region}` };
  return { by: 'id', instanceId: read.instanceId, isPlaced: read.region !== undefined };
}

function wantedByName(name: string, region: string): Wanted {
  if (!hostNameForm.test(name)) return { by: 'nothing', reason: `${shown(name)} is no name that an instance can have` };
  const { id, domain = privateDomain(region) } = instanceNameForm.exec(name)?.groups ?? {};
  return { by: 'name', name, instanceId: domain === privateDomain(region) ? id : undefined };
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 200));
