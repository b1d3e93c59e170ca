import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';

export type Tags = ReadonlyMap<string, string>;

export const writeTags = (tags: Tags): XmlObject[] => [...tags].map(([key, value]) => ({ key, value }));

/** The tags that a creating call gives to what it makes. @throws {ApiError} for a resource type that the call does not make, and for tags against the rules */
export function tagsFor(region: Region, params: Params, resourceType: string, alsoAllowed: readonly string[] = []): Tags {
  const specifications = params.structs('TagSpecification');
  for (const specification of specifications) {
    const type = specification.text('ResourceType');
    if (type === undefined) throw new ApiError('MissingParameter', 'Tag specification resource type must have a value');
    if (type !== resourceType && !alsoAllowed.includes(type)) throw new ApiError('InvalidParameterValue', `'${type}' is not a valid taggable resource type for this operation.`);
    if (specification.structs('Tag').length === 0) throw new ApiError('InvalidParameterValue', 'Tag specification must have at least one tag');
  }
  return readTags(region, specifications.filter((specification) => specification.text('ResourceType') === resourceType).flatMap((specification) => specification.structs('Tag')));
}

export function readTags(region: Region, entries: readonly Params[]): Tags {
  const tags = new Map<string, string>();
  for (const entry of entries) {
    const key = entry.text('Key') ?? '';
    const value = entry.text('Value') ?? '';
    checkTag(key, value);
    if (tags.has(key)) throw new ApiError('InvalidParameterValue', `Duplicate tag key '${key}' specified.`);
    tags.set(key, value);
  }
  checkCount(region, tags);
  return tags;
}

export function mergeTags(region: Region, old: Tags, added: Tags): Tags {
  const tags = new Map([...old, ...added]);
  checkCount(region, tags);
  return tags;
}

function checkTag(key: string, value: string): void {
  if (key === '') throw new ApiError('InvalidParameterValue', 'Tag key must have a value.');
  if (key.length > 127) throw new ApiError('InvalidParameterValue', `Tag key exceeds the maximum length of 127 characters: '${key}'`);
  if (value.length > 256) throw new ApiError('InvalidParameterValue', `Tag value exceeds the maximum length of 256 characters: '${value}'`);
  if (key.toLowerCase().startsWith('aws:')) throw new ApiError('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved for internal use`);
}

function checkCount(region: Region, tags: Tags): void {
  const most = region.world.quota('tagsPerResource');
  if (tags.size > most) throw new ApiError('TagLimitExceeded', `The maximum number of Tags for a resource has been reached. The limit is ${most}.`);
}
