import { ProviderError } from '#core/spi/errors.ts';
import type { CapacityRange } from '#core/spi/volume-driver.ts';
import type { Ec2Modification } from './ec2-modifications.ts';
import type { Ec2Volume } from './ec2-volumes.ts';
import type { ModifyParameters } from './modify-parameters.ts';
import { GIB, invalid } from './names.ts';
import { GROWS_IOPS_TAG, IOPS_PER_GIB_TAG } from './tags.ts';
import { checkSize, hasSpeed, speedFor, volumeType, type VolumeType } from './volume-types.ts';

/** What is to be otherwise. */
export interface VolumeChange {
  readonly sizeGiB?: number;
  readonly type?: VolumeType;
  readonly iops?: number;
  readonly throughput?: number;
}

/** Undefined when the volume is large enough. @throws {ProviderError} Invalid */
export function expansion(volume: Ec2Volume, { required, limit }: CapacityRange): VolumeChange | undefined {
  const gib = (required + GIB - 1n) / GIB;
  if (BigInt(volume.sizeGiB) >= gib) return undefined;
  if (limit !== undefined && gib * GIB > limit) throw invalid(`there is no whole number of GiB from ${required} to ${limit} bytes`);
  const sizeGiB = Number(gib);
  const type = volumeType(volume.type);
  checkSize(type, sizeGiB);
  const iopsPerGiB = Number(volume.tags.get(IOPS_PER_GIB_TAG));
  if (volume.tags.get(GROWS_IOPS_TAG) !== 'true' || !(iopsPerGiB > 0)) return { sizeGiB };
  const { iops } = speedFor({ type, iopsPerGiB, allowIncrease: true }, sizeGiB);
  return iops === undefined || iops <= (volume.iops ?? 0) ? { sizeGiB } : { sizeGiB, iops };
}

/** Undefined when the volume is as asked for. @throws {ProviderError} Invalid */
export function modification(volume: Ec2Volume, wanted: ModifyParameters): VolumeChange | undefined {
  const type = wanted.type ?? volumeType(volume.type);
  for (const key of ['iops', 'throughput'] as const) {
    if (wanted[key] !== undefined && !hasSpeed(type, key)) throw invalid(`a volume of type ${type} has no ${key} that could be set; parameter ${key} is ${wanted[key]}`);
  }
  checkSize(type, volume.sizeGiB);
  const iops = wanted.iops ?? (type === volume.type ? volume.iops : undefined);
  const speed = speedFor({ type, iops, throughput: wanted.throughput, allowIncrease: false }, volume.sizeGiB);
  const change = { type, ...(wanted.iops === undefined ? {} : speed), ...(speed.throughput === undefined ? {} : { throughput: speed.throughput }) };
  if (type === volume.type) return remaining(volume, change);
  // The new type has its own usual speed: what is wanted is said, also where the volume has it now.
  return change;
}

/** What of it the volume does not have yet; undefined when that is nothing. */
export function remaining(volume: Ec2Volume, { sizeGiB, type, iops, throughput }: VolumeChange): VolumeChange | undefined {
  const left = {
    ...(sizeGiB === undefined || volume.sizeGiB >= sizeGiB ? {} : { sizeGiB }),
    ...(type === undefined || volume.type === type ? {} : { type }),
    ...(iops === undefined || volume.iops === iops ? {} : { iops }),
    ...(throughput === undefined || volume.throughput === throughput ? {} : { throughput }),
  };
  return Object.keys(left).length === 0 ? undefined : left;
}

export const isTargetOf = ({ sizeGiB, type, iops, throughput }: VolumeChange, last: Ec2Modification): boolean =>
  (sizeGiB === undefined || (last.sizeGiB ?? 0) >= sizeGiB) && (type === undefined || last.type === type) && (iops === undefined || last.iops === iops) && (throughput === undefined || last.throughput === throughput);

/** All of them in one; undefined when they contradict each other. */
export function merged(changes: readonly VolumeChange[]): VolumeChange | undefined {
  const all: { sizeGiB?: number; type?: VolumeType; iops?: number; throughput?: number } = {};
  for (const { sizeGiB, type, iops, throughput } of changes) {
    if (differ(all.type, type) || differ(all.iops, iops) || differ(all.throughput, throughput)) return undefined;
    if (sizeGiB !== undefined) all.sizeGiB = Math.max(sizeGiB, all.sizeGiB ?? 0);
    if (type !== undefined) all.type = type;
    if (iops !== undefined) all.iops = iops;
    if (throughput !== undefined) all.throughput = throughput;
  }
  return all;
}

const differ = <T>(a: T | undefined, b: T | undefined): boolean => a !== undefined && b !== undefined && a !== b;

const hourMs = 3_600_000;

/** EC2 takes so many changes of a volume in so many hours. */
export function tooSoon(volumeId: string, last: Ec2Modification | undefined, cause: ProviderError): ProviderError {
  const hours = Number(/(\d+) hours? between/.exec(cause.message)?.[1] ?? 24);
  const until = last === undefined ? '' : ` Another change is possible at ${new Date(last.startedAt + hours * hourMs).toISOString()}, if not before.`;
  return new ProviderError('Exhausted', `volume ${volumeId} cannot be changed again yet: ${cause.message}${until}`, { cause });
}

export const stillChanging = (volumeId: string, { state, progress, startedAt }: Ec2Modification, cause: ProviderError): ProviderError => new ProviderError('Exhausted',
  `volume ${volumeId} cannot be changed again yet: EC2 is still at the change that began at ${new Date(startedAt).toISOString()} (${state}, ${progress} %). It takes the next one when that is complete, which can take hours.`, { cause });
