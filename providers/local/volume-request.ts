import { ProviderError } from '#core/spi/errors.ts';
import type { CapacityRange, CreateVolumeRequest, TopologySegment, VolumeUse } from '#core/spi/volume-driver.ts';
import { quoted } from '#plugins/volumes/block-device/block-device.module.ts';
import type { ClassParameters } from './parameters.ts';
import { parseParameters } from './parameters.ts';
import type { VolumeRecord } from './record.ts';
import { isVolumeName } from './safe-paths.ts';
import { UNIT } from './space.ts';

/** Block size of ext4; a loop device cannot end within 512 bytes. */
const BLOCK = 4096n;

const invalid = (message: string): ProviderError => new ProviderError('Invalid', message);

/** Checks all that can be checked without looking at the machine. @throws {ProviderError} Invalid */
export function checkRequest(request: CreateVolumeRequest): ClassParameters & { readonly capacity: bigint } {
  if (!isVolumeName(request.name)) throw invalid(`a volume's name is "pvc-" and the claim's UID, at most 63 characters of a-z, 0-9 and "-", not ${quoted(request.name)}`);
  if (request.name !== `pvc-${request.owner.uid}`) throw invalid(`volume ${request.name} is asked for a claim with another UID, ${quoted(request.owner.uid)}`);
  if (request.source !== undefined) throw invalid('local volumes cannot be made from a snapshot or from another volume');
  const parameters = parseParameters(request.parameters);
  checkUse(request.use, parameters.enforced);
  return { ...parameters, capacity: capacityWithin(request.capacity) };
}

function checkUse(use: VolumeUse, enforced: boolean): void {
  const shared = use.accessModes.find((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod');
  if (shared !== undefined) throw invalid(`access mode ${quoted(shared)} is not possible: a local volume belongs to one machine; use ReadWriteOnce or ReadWriteOncePod`);
  if (use.volumeMode === 'Block' && !enforced) throw invalid('volumeMode Block needs an image of fixed size; it is not possible with parameter enforceCapacity: "false"');
  if (use.fsType !== undefined && use.fsType !== '' && use.fsType !== 'ext4') throw invalid(`file system ${quoted(use.fsType)} is not possible: local volumes are ext4 only`);
}

/** The least multiple of a block that is within the range. @throws {ProviderError} Invalid */
export function capacityWithin({ required, limit }: CapacityRange): bigint {
  if (required <= 0n) throw invalid(`a volume must have at least one byte, not ${required}`);
  for (const unit of [UNIT, BLOCK]) {
    const capacity = (required + unit - 1n) / unit * unit;
    if (limit === undefined || capacity <= limit) return capacity;
  }
  throw invalid(`no size between ${required} and ${limit} bytes is a multiple of ${BLOCK}`);
}

/** What the record says is what a request asks for. @throws {ProviderError} AlreadyExists */
export function checkSame(record: VolumeRecord, request: CreateVolumeRequest): void {
  const differs = (what: string): ProviderError => new ProviderError('AlreadyExists', `volume ${record.name} is already there ${what}`);
  const { required, limit } = request.capacity;
  if (record.capacity < required || (limit !== undefined && record.capacity > limit)) throw differs(`with ${record.capacity} bytes; ${required} to ${limit ?? 'any number of'} bytes were asked for`);
  if (record.volumeMode !== request.use.volumeMode) throw differs(`with volumeMode ${record.volumeMode}`);
  const made = parseParameters(record.parameters);
  const asked = parseParameters(request.parameters);
  if (made.enforced !== asked.enforced || made.nodePath !== asked.nodePath) throw differs(`with other parameters, ${JSON.stringify(record.parameters)}`);
}

/** Whether this machine is one of those from which the volume must be reachable. */
export function isReachable(request: CreateVolumeRequest, here: TopologySegment): boolean {
  const wanted = request.topology?.requisite ?? [];
  return wanted.length === 0 || wanted.some((segment) => Object.entries(segment).every(([key, value]) => here[key] === value));
}
