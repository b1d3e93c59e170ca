import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Volume, VolumeShape } from '#test/emulators/aws/rows.ts';

/** What the vendor sells of one type: GiB, operations a second, and those per GiB. */
interface TypeRule {
  readonly sizeGiB: readonly [number, number];
  readonly iops?: readonly [number, number];
  readonly iopsPerGiB?: number;
  /** MiB a second. */
  readonly throughput?: readonly [number, number];
}

const types: Readonly<Record<string, TypeRule>> = {
  gp3: { sizeGiB: [1, 65536], iops: [3000, 80_000], iopsPerGiB: 500, throughput: [125, 2000] },
  gp2: { sizeGiB: [1, 16384] },
  io1: { sizeGiB: [4, 16384], iops: [100, 64_000], iopsPerGiB: 50 },
  io2: { sizeGiB: [4, 65536], iops: [100, 256_000], iopsPerGiB: 1000 },
  st1: { sizeGiB: [125, 16384] },
  sc1: { sizeGiB: [125, 16384] },
  standard: { sizeGiB: [1, 1024] },
};

export interface WantedShape {
  readonly type: string;
  readonly sizeGiB: number | undefined;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly multiAttach: boolean;
}

/** What a volume of these wishes becomes, defaults filled in. @throws {ApiError} for what the type does not allow */
export function volumeShape(wanted: WantedShape): VolumeShape {
  const { type, sizeGiB, multiAttach } = wanted;
  const rule = types[type];
  if (rule === undefined) throw new ApiError('UnknownVolumeType', `Unsupported volume type '${type}' for volume creation.`);
  if (sizeGiB === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter size/snapshotId');
  if (sizeGiB < 1) throw invalid(sizeGiB, 'size', 'Volume size must be at least 1 GiB.');
  if (sizeGiB < rule.sizeGiB[0]) throw invalid(sizeGiB, 'size', `Volume of type ${type} must be at least ${rule.sizeGiB[0]} GiB.`);
  if (sizeGiB > rule.sizeGiB[1]) throw invalid(sizeGiB, 'size', `Volume of type ${type} cannot be larger than ${rule.sizeGiB[1]} GiB.`);
  if (multiAttach && type !== 'io1' && type !== 'io2') throw new ApiError('InvalidParameterCombination', `Multi-Attach is not supported for volume type ${type}`);
  const iops = iopsOf(wanted, rule, sizeGiB);
  return { type, sizeGiB, multiAttach, iops, throughput: throughputOf(wanted, rule, iops) };
}

function iopsOf(wanted: WantedShape, rule: TypeRule, sizeGiB: number): number | undefined {
  const { type, iops } = wanted;
  if (rule.iops !== undefined) return provisionedIops(wanted, rule.iops, rule.iopsPerGiB ?? Infinity, sizeGiB);
  if (iops !== undefined) throw new ApiError('InvalidParameterCombination', `The parameter iops is not supported for ${type} volumes.`);
  // Derived from the size, and never asked for.
  return type === 'gp2' ? Math.min(16_000, Math.max(100, sizeGiB * 3)) : undefined;
}

function provisionedIops({ type, iops }: WantedShape, [least, most]: readonly [number, number], perGiB: number, sizeGiB: number): number {
  const free = type === 'gp3' ? 3000 : undefined;
  const value = iops ?? free;
  if (value === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter iops');
  if (value < least) throw invalid(value, 'iops', `Volume iops of ${value} is too low; minimum is ${least}.`);
  if (value > most) throw invalid(value, 'iops', `Volume iops of ${value} is too high; maximum is ${most}.`);
  if (value > Math.max(sizeGiB * perGiB, free ?? 0)) throw new ApiError('InvalidParameterCombination', `Iops to volume size ratio of ${(value / sizeGiB).toFixed(6)} is too high; maximum is ${perGiB}.0`);
  return value;
}

function throughputOf({ type, throughput }: WantedShape, rule: TypeRule, iops: number | undefined): number | undefined {
  if (rule.throughput === undefined) {
    if (throughput !== undefined) throw new ApiError('InvalidParameterCombination', `The parameter throughput is not supported for ${type} volumes.`);
    return undefined;
  }
  const value = throughput ?? 125;
  if (value < rule.throughput[0]) throw invalid(value, 'throughput', `Throughput of ${value} MiB/s is too low; minimum is ${rule.throughput[0]} MiB/s.`);
  if (value > rule.throughput[1]) throw invalid(value, 'throughput', `Throughput of ${value} MiB/s is too high; maximum is ${rule.throughput[1]} MiB/s.`);
  if (value > (iops ?? 0) / 4) throw new ApiError('InvalidParameterCombination', `Throughput (MiBps) to iops ratio of ${(value / (iops ?? 1)).toFixed(6)} is too high; maximum is 0.250000 MiBps per iops.`);
  return value;
}

const invalid = (value: number, parameter: string, why: string): ApiError => new ApiError('InvalidParameterValue', `Value (${value}) for parameter ${parameter} is invalid. ${why}`);

/** @throws {ApiError} when the account has no room for one more, or for what one grows by. @param except the volume that is replaced by this */
export function checkVolumeQuotas(region: Region, shape: VolumeShape, except?: string): void {
  const others = [...region.volumes.rows()].filter((volume) => volume.id !== except && volume.type === shape.type);
  const sum = (of: (volume: Pick<Volume, 'sizeGiB' | 'iops'>) => number): number => others.reduce((total, volume) => total + of(volume), of(shape));
  if (sum((volume) => volume.sizeGiB) > region.world.quota('volumeStorageGiB')) {
    throw new ApiError('VolumeLimitExceeded', `You have exceeded your maximum ${shape.type} storage limit of ${Math.floor(region.world.quota('volumeStorageGiB') / 1024)} TiB in this region. Please contact AWS Support to request an Elastic Block Store service limit increase.`);
  }
  if (shape.type.startsWith('io') && sum((volume) => volume.iops ?? 0) > region.world.quota('volumeIops')) {
    throw new ApiError('MaxIOPSLimitExceeded', `You have exceeded your maximum ${shape.type} iops limit of ${region.world.quota('volumeIops')} in this region. Please contact AWS Support to request an Elastic Block Store service limit increase.`);
  }
}
