import { invalid } from './api-error.ts';

/** What the vendor's links begin with, whatever the endpoint. */
export const linkBase = 'https://www.googleapis.com/compute/v1/';

export const nameFormat = '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)';
export const nameRegex = new RegExp(`^${nameFormat}$`);
export const referenceFormat = '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?|[1-9][0-9]{0,19}';
export const referenceRegex = new RegExp(`^(?:${referenceFormat})$`);
export const projectRegex = /^(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*:)?(?:[1-9][0-9]{0,18}|[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)$/;

/** `projects/p/zones/z/disks/d`: where a resource is in the emulator. */
export type Path = string;

export function linkOf(path: Path): string {
  return linkBase + path;
}

export function pathOfLink(link: string): Path {
  return link.startsWith(linkBase) ? link.slice(linkBase.length) : link;
}

export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `zones/z`, `regions/r` or `global`. */
export function scopeOf(path: Path): string {
  const [, , kind = '', place = ''] = path.split('/');
  return kind === 'global' ? 'global' : `${kind}/${place}`;
}

export function projectOf(path: Path): string {
  return path.split('/')[1] ?? '';
}

export function regionOfZone(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}

/** The region of a zonal or regional path. */
export function regionOf(path: Path): string {
  const [, , kind = '', place = ''] = path.split('/');
  return kind === 'zones' ? regionOfZone(place) : place;
}

interface Expected {
  readonly field: string;
  readonly project: string;
  /** The collections that a reference may name: `disks`, … */
  readonly collections: readonly string[];
  /** What a bare name would be in: `zones/us-central1-a`. Where absent, a bare name is refused as the vendor does. */
  readonly bareIn?: string;
}

/** A reference of a body as a path. Accepted are whole links of any host, `projects/…`, and from the project on: `zones/…`, `regions/…`, `global/…`. */
export function parseReference(value: string, { field, project, collections, bareIn }: Expected): Path {
  const path = wholePath(/^https?:\/\/[^/]+\/compute\/(?:v1|beta)\/(projects\/.+)$/.exec(value)?.[1] ?? value, project, bareIn === undefined ? undefined : `${bareIn}/${collections[0]}`);
  const [, owner = '', collection = '', name = ''] = /^projects\/([^/]+)\/(?:(?:zones|regions)\/[^/]+|global)\/([A-Za-z]+)\/(?:family\/)?([^/]+)$/.exec(path) ?? [];
  if (!projectRegex.test(owner) || !referenceRegex.test(name)) throw invalid(field, value, 'The URL is malformed.');
  if (!collections.includes(collection)) throw invalid(field, value, `The URL is malformed: it must refer to one of ${collections.join(', ')}.`);
  return path;
}

function wholePath(value: string, project: string, bareIn: string | undefined): Path {
  if (/^(?:zones|regions|global)\//.test(value)) return `projects/${project}/${value}`;
  return bareIn !== undefined && referenceRegex.test(value) ? `projects/${project}/${bareIn}/${value}` : value;
}

/** `projects/p/zones/z/disks` of `projects/p/zones/z/disks/d`. */
export function collectionOf(path: Path): Path {
  return path.slice(0, path.lastIndexOf('/'));
}
