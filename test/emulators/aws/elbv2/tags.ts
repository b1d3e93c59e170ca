import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import { balancerOf, listenerOf, targetGroupOf, validation } from './names.ts';

export type Tags = ReadonlyMap<string, string>;

const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export function readTags(region: Region, params: Params): Tags {
  const tags = new Map<string, string>();
  for (const entry of params.structs('Tags')) {
    const key = entry.need('Key');
    const value = entry.text('Value') ?? '';
    if (!allowed.test(key) || !allowed.test(value)) throw validation(`1 validation error detected: the tag '${key}' has characters that are not allowed`);
    if (key.toLowerCase().startsWith('aws:')) throw validation(`Tag keys cannot begin with 'aws:'`);
    if (tags.has(key)) throw new ApiError('DuplicateTagKeys', `The tag key '${key}' was specified more than once`);
    tags.set(key, value);
  }
  checkCount(region, tags);
  return tags;
}

function checkCount(region: Region, tags: Tags): void {
  if (tags.size > region.world.quota('tagsPerResource')) throw new ApiError('TooManyTags', `The limit of ${region.world.quota('tagsPerResource')} tags has been reached`);
}

interface Tagged {
  readonly id: string;
  readonly tags: Tags;
  write(tags: Tags): void;
}

/** Whatever the ARN names. */
function taggedOf(region: Region, arn: string): Tagged {
  const resource = (arn.split(':')[5] ?? '').split('/')[0];
  switch (resource) {
    case 'loadbalancer': {
      const { id, tags } = balancerOf(region, arn);
      return { id, tags, write: (changed) => void region.balancers.update(id, { tags: changed }) };
    }
    case 'targetgroup': {
      const { id, tags } = targetGroupOf(region, arn);
      return { id, tags, write: (changed) => void region.targetGroups.update(id, { tags: changed }) };
    }
    case 'listener': {
      const { id, tags } = listenerOf(region, arn);
      return { id, tags, write: (changed) => void region.listeners.update(id, { tags: changed }) };
    }
    default: throw validation(`'${arn}' is not a valid ARN`);
  }
}

function allTagged(region: Region, params: Params): Tagged[] {
  const arns = params.texts('ResourceArns');
  if (arns.length > 20) throw validation(`The maximum number of resources that can be named in one call is '20'`);
  return arns.map((arn) => taggedOf(region, arn));
}

const addTags: Action = ({ region, params }) => {
  const added = readTags(region, params);
  const changes = allTagged(region, params).map((tagged) => ({ tagged, tags: new Map([...tagged.tags, ...added]) }));
  for (const { tags } of changes) checkCount(region, tags);
  for (const { tagged, tags } of changes) tagged.write(tags);
  return {};
};

const removeTags: Action = ({ region, params }) => {
  const keys = params.texts('TagKeys');
  for (const tagged of allTagged(region, params)) tagged.write(new Map([...tagged.tags].filter(([key]) => !keys.includes(key))));
  return {};
};

const describeTags: Action = ({ region, params }) => ({
  TagDescriptions: allTagged(region, params).map(({ id, tags }) => ({ ResourceArn: id, Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) })),
});

export const tagActions: Readonly<Record<string, Action>> = { AddTags: addTags, RemoveTags: removeTags, DescribeTags: describeTags };
