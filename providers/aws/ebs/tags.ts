import type { VolumeOwner } from '#core/spi/volume-driver.ts';
import { clusterTag } from '#providers/aws/context.ts';
import { DRIVER_NAME, invalid, quoted, SNAPSHOT_NAME_TAG, VOLUME_NAME_TAG } from './names.ts';
import { fillTemplate, type TemplateFields } from './tag-template.ts';

export type Tags = Readonly<Record<string, string>>;

const DRIVER_TAG = `${DRIVER_NAME}/cluster`;
/** Of the file system to make, for a later `find`: `blocksize=4096 inodesize=512`. */
export const FORMATTING_TAG = 'keelson.dev/formatting';
/** With these two an expansion gives a volume more operations too. */
export const IOPS_PER_GIB_TAG = `${DRIVER_NAME}/IOPSPerGb`;
export const GROWS_IOPS_TAG = `${DRIVER_NAME}/AllowAutoIOPSIncreaseOnModify`;

/** EC2 takes 50 for each thing. */
const mostTags = 50;

/** Unlike other keys, these are told from others by case. */
export const isTagSpecification = (key: string): boolean => key.startsWith('tagSpecification');
export const isTagDeletion = (key: string): boolean => key.startsWith('tagDeletion');

/** Marks of what this cluster made. */
export function ownTags(clusterId: string, kind: 'volume' | 'snapshot', name: string): Record<string, string> {
  return {
    [kind === 'volume' ? VOLUME_NAME_TAG : SNAPSHOT_NAME_TAG]: name,
    [DRIVER_TAG]: 'true',
    [clusterTag(clusterId)]: 'owned',
    KubernetesCluster: clusterId,
    [`${DRIVER_NAME}/cluster-name`]: clusterId,
    Name: `${clusterId}-dynamic-${name}`,
  };
}

export const isOwn = (tags: ReadonlyMap<string, string>, clusterId: string): boolean => tags.get(clusterTag(clusterId)) === 'owned';

/** Words for people, from whoever wrote the claim: never refused, only made fit. */
export function ownerTags(name: string, owner: VolumeOwner): Record<string, string> {
  return {
    'kubernetes.io/created-for/pv/name': name,
    'kubernetes.io/created-for/pvc/name': fit(owner.name),
    'kubernetes.io/created-for/pvc/namespace': fit(owner.namespace),
  };
}

const fit = (text: string): string => text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, 256);

/** All that can be checked before the template is filled in. @throws {ProviderError} Invalid, with the tag @returns key and template */
export function checkSpecification(specification: string): readonly [string, string] {
  const equals = specification.indexOf('=');
  if (equals < 0) throw invalid(`a tag is written "key=value", not ${quoted(specification)}`);
  const key = specification.slice(0, equals);
  checkTagKey(key);
  return [key, specification.slice(equals + 1)];
}

/** @throws {ProviderError} Invalid, with the tag */
export function specifiedTags(specifications: readonly string[], fields: TemplateFields): Tags {
  return Object.fromEntries(specifications.map((specification) => {
    const [key, template] = checkSpecification(specification);
    const value = fillTemplate(template, fields);
    if (value.length > 256 || !isTagText(value)) throw invalid(`the value of the tag ${quoted(key)} has at most 256 letters, digits, spaces and any of _.:/=+-@, unlike ${quoted(value)}`);
    return [key, value];
  }));
}

const isTagText = (text: string): boolean => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text);
const reserved = new Set([VOLUME_NAME_TAG, SNAPSHOT_NAME_TAG, 'KubernetesCluster', FORMATTING_TAG, IOPS_PER_GIB_TAG, GROWS_IOPS_TAG, DRIVER_TAG, `${DRIVER_NAME}/cluster-name`]);

/** @throws {ProviderError} Invalid for a key that EC2 does not take, or that is this driver's */
export function checkTagKey(key: string): void {
  if (key === '' || key.length > 127 || !isTagText(key)) throw invalid(`the key of a tag has from 1 to 127 letters, digits, spaces and any of _.:/=+-@, unlike ${quoted(key)}`);
  if (/^aws:/i.test(key) || key.startsWith('kubernetes.io') || reserved.has(key)) throw invalid(`the tag ${quoted(key)} is reserved`);
}

/** Later ones replace earlier ones. @throws {ProviderError} Invalid when they are too many */
export function allTags(...parts: readonly Tags[]): Tags {
  const tags = Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
  const number = Object.keys(tags).length;
  if (number > mostTags) throw invalid(`EC2 takes at most ${mostTags} tags, and these are ${number}`);
  return tags;
}

export const sdkTags = (tags: Tags): { readonly Key: string; readonly Value: string }[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const tagMap = (tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = []): ReadonlyMap<string, string> => new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));

const contextEntry = /^([a-z0-9]+)=([A-Za-z0-9]+)$/;

export const formattingTag = (formatting: Readonly<Record<string, string>>): Tags => {
  const entries = Object.entries(formatting).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? {} : { [FORMATTING_TAG]: entries.map(([key, value]) => `${key}=${value}`).join(' ') };
};

export function formattingOf(tags: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries((tags.get(FORMATTING_TAG) ?? '').split(' ').flatMap((entry) => {
    const [, key, value] = contextEntry.exec(entry) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value]];
  }));
}
