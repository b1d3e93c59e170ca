import { ProviderError } from '#core/spi/errors.ts';
import type { CapacityRange, CreateVolumeRequest, Volume, VolumeUse } from '#core/spi/volume-driver.ts';
import { checkFormatting, classParameters, type ClassParameters } from './class-parameters.ts';
import type { Ec2Volume } from './ec2-volumes.ts';
import { modifyParameters } from './modify-parameters.ts';
import { DRIVER_NAME, GIB, IN_TREE_NAME, invalid, isName, isSnapshotId, quoted, ZONE } from './names.ts';
import { isWanted, wantedPlaces, type WantedPlace } from './placement.ts';
import { allTags, formattingOf, formattingTag, GROWS_IOPS_TAG, IOPS_PER_GIB_TAG, ownerTags, ownTags, specifiedTags, type Tags } from './tags.ts';
import { canBeShared, checkSize, fullSpeed, speedFor } from './volume-types.ts';

/** Of a claim that does not say. */
const usualGiB = 100;

/** What a request asks for, checked. */
export interface WantedVolume {
  readonly name: string;
  readonly capacity: CapacityRange;
  readonly parameters: ClassParameters;
  readonly isShared: boolean;
  readonly snapshotId: string | undefined;
  readonly places: readonly WantedPlace[];
  /** Those of the class. */
  readonly specifiedTags: Tags;
  readonly ownerTags: Tags;
}

/** Checks all that can be checked without asking EC2. @throws {ProviderError} Invalid */
export function wantedVolume(request: CreateVolumeRequest): WantedVolume {
  const { name, provisioner, owner, source, use, capacity } = request;
  if (!isName(name)) throw invalid(`a volume's name has at most 63 characters of a-z, 0-9 and "-", unlike ${quoted(name)}`);
  if (provisioner !== DRIVER_NAME && provisioner !== IN_TREE_NAME) throw invalid(`this driver does not answer to the provisioner ${quoted(provisioner)}`);
  if (source?.kind === 'volume') throw invalid('a volume cannot be made from another volume; make it from a snapshot of that one');
  const parameters = withAttributes(classParameters(request.parameters, provisioner), request.mutableParameters ?? {});
  if (parameters.initializationRate !== undefined && source === undefined) throw invalid('parameter volumeInitializationRate is for volumes that are made from a snapshot');
  const isShared = checkUse(use, parameters);
  speedFor(parameters, sizeWithin(capacity, parameters, 0));
  if (source !== undefined && !isSnapshotId(source.id)) throw new ProviderError('NotFound', `there is no snapshot ${quoted(source.id)}`);
  return {
    name, capacity, parameters, isShared, snapshotId: source?.id, places: wantedPlaces(request.topology, parameters.zones), ownerTags: ownerTags(name, owner),
    specifiedTags: specifiedTags(parameters.tagSpecifications, { PVCName: owner.name, PVCNamespace: owner.namespace, PVName: name }),
  };
}

/** Those of a VolumeAttributesClass win. */
function withAttributes(parameters: ClassParameters, attributes: Readonly<Record<string, string>>): ClassParameters {
  const { type = parameters.type, iops, throughput = parameters.throughput, tagSpecifications } = modifyParameters(attributes);
  const operations = iops === undefined ? {} : { iops, iopsPerGiB: undefined };
  return { ...parameters, ...operations, type, throughput, tagSpecifications: [...parameters.tagSpecifications, ...tagSpecifications] };
}

/** @returns whether several machines are to have it at once @throws {ProviderError} Invalid */
function checkUse({ accessModes, volumeMode, fsType }: VolumeUse, { type, formatting }: ClassParameters): boolean {
  if (volumeMode === 'Filesystem') checkFormatting(formatting, fsType === undefined || fsType === '' ? 'ext4' : fsType);
  if (accessModes.includes('ReadOnlyMany')) throw invalid('access mode ReadOnlyMany is not possible with EBS volumes');
  if (!accessModes.includes('ReadWriteMany')) return false;
  if (volumeMode !== 'Block') throw invalid('access mode ReadWriteMany is possible with volumeMode Block only: a file system that two machines write to is lost');
  if (!canBeShared(type)) throw invalid(`access mode ReadWriteMany needs volumes of type io2, not ${type}`);
  return true;
}

/** @param leastGiB of the snapshot that it is made from @throws {ProviderError} Invalid */
export function sizeWithin({ required, limit }: CapacityRange, { type }: Pick<ClassParameters, 'type'>, leastGiB: number): number {
  if (required < 0n) throw invalid(`a volume cannot have ${required} bytes`);
  const asked = required === 0n ? usualWithin(limit) : (required + GIB - 1n) / GIB;
  const gib = asked < BigInt(leastGiB) ? BigInt(leastGiB) : asked;
  if (limit !== undefined && gib * GIB > limit) {
    throw invalid(leastGiB > asked ? `a volume of at most ${limit} bytes cannot be made from a snapshot of ${leastGiB} GiB` : `there is no whole number of GiB from ${required} to ${limit} bytes`);
  }
  const size = Number(gib);
  checkSize(type, size);
  return size;
}

const usualWithin = (limit: bigint | undefined): bigint => (limit === undefined || limit >= BigInt(usualGiB) * GIB ? BigInt(usualGiB) : limit / GIB);

/** All that a new volume gets. @throws {ProviderError} Invalid when they are too many */
export function tagsOf(wanted: WantedVolume, clusterId: string, extraTags: Tags): Tags {
  const { iopsPerGiB, growsIops, formatting } = wanted.parameters;
  const growth: Tags = growsIops && iopsPerGiB !== undefined ? { [IOPS_PER_GIB_TAG]: String(iopsPerGiB), [GROWS_IOPS_TAG]: 'true' } : {};
  return allTags(extraTags, wanted.specifiedTags, wanted.ownerTags, growth, formattingTag(formatting), ownTags(clusterId, 'volume', wanted.name));
}

/** What EC2 made under the name is what is asked for. @throws {ProviderError} AlreadyExists */
export function checkSame(volume: Ec2Volume, wanted: WantedVolume): void {
  const differs = (what: string): ProviderError => new ProviderError('AlreadyExists', `volume ${wanted.name} is already there as ${volume.id} ${what}`);
  const { parameters, places, snapshotId } = wanted;
  checkSameSize(volume, wanted.capacity, differs);
  if (volume.type !== parameters.type) throw differs(`with type ${volume.type}; ${parameters.type} is asked for`);
  if (volume.snapshotId !== snapshotId) throw differs(`from ${volume.snapshotId ?? 'no snapshot'}; ${snapshotId ?? 'an empty one'} is asked for`);
  if (volume.multiAttach !== wanted.isShared) throw differs(`${volume.multiAttach ? '' : 'not '}for several machines at once`);
  if (!isWanted(volume, places)) throw differs(`in zone ${volume.zone}; ${places.map(({ id }) => id).join(', ')} is asked for`);
  checkSameSpeed(volume, wanted, differs);
  checkSameEncryption(volume, parameters, differs);
  const made = JSON.stringify(formattingTag(formattingOf(volume.tags)));
  if (made !== JSON.stringify(formattingTag(parameters.formatting))) throw differs(`with other parameters of its file system, ${made}`);
}

type Difference = (what: string) => ProviderError;

function checkSameSize({ sizeGiB }: Ec2Volume, { required, limit }: CapacityRange, differs: Difference): void {
  const bytes = BigInt(sizeGiB) * GIB;
  if (bytes < required || (limit !== undefined && bytes > limit)) throw differs(`with ${bytes} bytes; ${required} to ${limit ?? 'any number of'} bytes are asked for`);
}

function checkSameSpeed(volume: Ec2Volume, wanted: WantedVolume, differs: Difference): void {
  const { type } = wanted.parameters;
  // It may have grown, and its operations with it or not.
  const speeds = [volume.sizeGiB, sizeWithin(wanted.capacity, wanted.parameters, 0)].map((size) => fullSpeed(type, speedFor(wanted.parameters, size)));
  if (speeds.some(({ iops, throughput }) => (iops === undefined || volume.iops === iops) && (throughput === undefined || volume.throughput === throughput))) return;
  const [{ iops, throughput } = {}] = speeds;
  throw differs(`with ${volume.iops ?? 'no'} IOPS and ${volume.throughput ?? 'no'} MiB/s; ${iops ?? 'any number of'} IOPS and ${throughput ?? 'any number of'} MiB/s are asked for`);
}

/** An account can encrypt by default what nobody asked to be encrypted. */
function checkSameEncryption(volume: Ec2Volume, { encrypted, kmsKeyId }: ClassParameters, differs: Difference): void {
  if (encrypted && !volume.encrypted) throw differs('without encryption');
  const isArnOfKey = kmsKeyId?.includes(':key/') === true;
  if (isArnOfKey && volume.kmsKeyId !== kmsKeyId) throw differs(`encrypted with ${volume.kmsKeyId ?? 'another key'}; ${kmsKeyId} is asked for`);
}

export const volumeOf = (volume: Ec2Volume): Volume => ({
  id: volume.id, capacity: BigInt(volume.sizeGiB) * GIB, context: formattingOf(volume.tags), topology: [{ [ZONE]: volume.zone }],
});
