import { entryOf, invalid, IN_TREE_NAME, quoted } from './names.ts';
import { count, size, truth } from './parameter-values.ts';
import { checkSpecification, isTagSpecification } from './tags.ts';
import { DEFAULT_TYPE, speedFor, volumeType, type VolumeType, type WantedSpeed } from './volume-types.ts';

/** What a StorageClass says. */
export interface ClassParameters extends WantedSpeed {
  /** Operations grow with the volume when it is expanded. */
  readonly growsIops: boolean;
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
  /** MiB a second at which a volume is filled from its snapshot. */
  readonly initializationRate?: number;
  /** For the node's side: how to make the file system. Keys are in lower case. */
  readonly formatting: Readonly<Record<string, string>>;
  /** Of `tagSpecification_N`, in the order of their keys. */
  readonly tagSpecifications: readonly string[];
  /** Of the classes of the built-in plugin; where volumes may be. */
  readonly zones: readonly string[];
}

interface Draft {
  type: VolumeType;
  iops?: number;
  iopsPerGiB?: number;
  allowIncrease: boolean;
  throughput?: number;
  growsIops: boolean;
  encrypted: boolean;
  kmsKeyId?: string;
  initializationRate?: number;
  formatting: Record<string, string>;
  zones: string[];
}

type Reader = (draft: Draft, key: string, text: string) => void;

const sizeForFormatting: Reader = (draft, key, text) => {
  draft.formatting[key.toLowerCase()] = size(key, text);
};
const truthForFormatting: Reader = (draft, key, text) => {
  if (truth(key, text)) draft.formatting[key.toLowerCase()] = 'true';
};
const zonesOf: Reader = (draft, _key, text) => {
  draft.zones.push(...text.split(',').map((zone) => zone.trim()).filter((zone) => zone !== ''));
};

/** By keys in lower case. */
const readers: Readonly<Record<string, Reader>> = {
  type: (draft, _key, text) => {
    if (text !== '') draft.type = volumeType(text);
  },
  iops: (draft, key, text) => {
    draft.iops = count(key, text);
  },
  iopspergb: (draft, key, text) => {
    draft.iopsPerGiB = count(key, text);
  },
  allowautoiopspergbincrease: (draft, key, text) => {
    draft.allowIncrease = truth(key, text);
  },
  allowautoiopsincreaseonmodify: (draft, key, text) => {
    draft.growsIops = truth(key, text);
  },
  throughput: (draft, key, text) => {
    draft.throughput = count(key, text);
  },
  encrypted: (draft, key, text) => {
    draft.encrypted = truth(key, text);
  },
  kmskeyid: (draft, _key, text) => {
    if (text !== '') draft.kmsKeyId = text;
  },
  // All io2 volumes are of that kind by now.
  blockexpress: (_draft, key, text) => {
    truth(key, text);
  },
  volumeinitializationrate: (draft, key, text) => {
    draft.initializationRate = count(key, text);
  },
  blockattachuntilinitialized: (_draft, key, text) => {
    if (truth(key, text)) throw invalid(`parameter ${key} "true" is not supported: a volume can be attached while it is filled from its snapshot`);
  },
  blocksize: sizeForFormatting,
  inodesize: sizeForFormatting,
  bytesperinode: sizeForFormatting,
  numberofinodes: sizeForFormatting,
  ext4bigalloc: truthForFormatting,
  ext4clustersize: sizeForFormatting,
  ext4encryptionsupport: truthForFormatting,
};
const inTreeReaders: Readonly<Record<string, Reader>> = { zone: zonesOf, zones: zonesOf };
const known = 'type, iops, iopsPerGB, allowAutoIOPSPerGBIncrease, allowAutoIOPSIncreaseOnModify, throughput, encrypted, kmsKeyId, blockExpress, volumeInitializationRate, blockSize, inodeSize, bytesPerInode, numberOfInodes, ext4BigAlloc, ext4ClusterSize, ext4EncryptionSupport and tagSpecification_N';

/** That a volume can get. */
export const fileSystems: readonly string[] = ['ext2', 'ext3', 'ext4', 'xfs'];

/**
 * @param provisioner the driver's name or its alias, whose classes have two more parameters
 * @throws {ProviderError} Invalid, naming the key
 */
export function classParameters(parameters: Readonly<Record<string, string>>, provisioner: string): ClassParameters {
  const isInTree = provisioner === IN_TREE_NAME;
  const draft: Draft = { type: DEFAULT_TYPE, allowIncrease: false, growsIops: false, encrypted: false, formatting: {}, zones: [] };
  const tagSpecifications: string[] = [];
  const seen = new Map<string, string>();
  for (const key of Object.keys(parameters).toSorted()) {
    const text = parameters[key] ?? '';
    if (isTagSpecification(key)) {
      checkSpecification(text);
      tagSpecifications.push(text);
      continue;
    }
    const lower = key.toLowerCase();
    const read = entryOf(readers, lower) ?? (isInTree ? entryOf(inTreeReaders, lower) : undefined);
    if (read === undefined) throw invalid(`there is no parameter ${quoted(key)}; known are ${known}`);
    const other = seen.get(lower);
    if (other !== undefined) throw invalid(`parameters ${key} and ${other} are the same one`);
    seen.set(lower, key);
    read(draft, key, text);
  }
  // Classes of the built-in plugin had no word for it, and volumes were never refused for too few operations.
  if (isInTree && draft.iopsPerGiB !== undefined) draft.allowIncrease = true;
  check(draft);
  return { ...draft, tagSpecifications };
}

function check({ iops, iopsPerGiB, encrypted, kmsKeyId, formatting, ...speed }: Draft): void {
  if (iops !== undefined && iopsPerGiB !== undefined) throw invalid('parameters iops and iopsPerGB cannot be given both');
  if (kmsKeyId !== undefined && !encrypted) throw invalid('parameter kmsKeyId needs encrypted: "true"');
  if (formatting['ext4clustersize'] !== undefined && formatting['ext4bigalloc'] === undefined) throw invalid('parameter ext4ClusterSize needs ext4BigAlloc: "true"');
  // With the most of bytes, so that only what is wrong at every size is refused.
  speedFor({ ...speed, iops, iopsPerGiB, allowIncrease: speed.allowIncrease || iopsPerGiB !== undefined }, 16_384);
}

const onlyExt = ['bytesperinode', 'numberofinodes'];

/** @throws {ProviderError} Invalid for a file system for which a parameter has no meaning */
export function checkFormatting(formatting: Readonly<Record<string, string>>, fsType: string): void {
  if (!fileSystems.includes(fsType)) throw invalid(`there is no file system ${quoted(fsType)} for these volumes, only ${fileSystems.join(', ')}`);
  const wrong = Object.keys(formatting).find((key) => (key.startsWith('ext4') && fsType !== 'ext4') || (onlyExt.includes(key) && fsType === 'xfs'));
  if (wrong !== undefined) throw invalid(`parameter ${wrong} has no meaning for file system ${fsType}`);
}
