import { entryOf, invalid, quoted } from './names.ts';
import { count } from './parameter-values.ts';
import { checkSpecification, checkTagKey, isTagDeletion, isTagSpecification } from './tags.ts';
import { volumeType, type VolumeType } from './volume-types.ts';

/** What a VolumeAttributesClass says; what it does not say stays as it is. */
export interface ModifyParameters {
  readonly type?: VolumeType;
  readonly iops?: number;
  readonly throughput?: number;
  /** Of `tagSpecification_N`, in the order of their keys. */
  readonly tagSpecifications: readonly string[];
  /** Keys of the tags that go. */
  readonly tagDeletions: readonly string[];
}

interface Draft {
  type?: VolumeType;
  iops?: number;
  throughput?: number;
}

type Reader = (draft: Draft, key: string, text: string) => void;
const readType: Reader = (draft, _key, text) => {
  const type = volumeType(text);
  if (draft.type !== undefined && draft.type !== type) throw invalid(`parameters type and volumeType say different things, ${draft.type} and ${type}`);
  draft.type = type;
};

/** By keys in lower case. */
const readers: Readonly<Record<string, Reader>> = {
  type: readType,
  volumetype: readType,
  iops: (draft, key, text) => {
    draft.iops = count(key, text);
  },
  throughput: (draft, key, text) => {
    draft.throughput = count(key, text);
  },
};

/** @throws {ProviderError} Invalid, naming the key */
export function modifyParameters(parameters: Readonly<Record<string, string>>): ModifyParameters {
  const draft: Draft = {};
  const tagSpecifications: string[] = [];
  const tagDeletions: string[] = [];
  for (const key of Object.keys(parameters).toSorted()) {
    const text = parameters[key] ?? '';
    if (isTagSpecification(key)) {
      checkSpecification(text);
      tagSpecifications.push(text);
    } else if (isTagDeletion(key)) {
      checkTagKey(text);
      tagDeletions.push(text);
    } else {
      const read = entryOf(readers, key.toLowerCase());
      if (read === undefined) throw invalid(`there is no parameter ${quoted(key)} with which a volume could be modified; known are type, iops, throughput, tagSpecification_N and tagDeletion_N`);
      read(draft, key, text);
    }
  }
  return { ...draft, tagSpecifications, tagDeletions };
}
