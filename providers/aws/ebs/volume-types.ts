import { invalid } from './names.ts';

type Range = readonly [number, number];

/** What EC2 sells of one type: GiB, operations a second and those per GiB, and MiB a second. */
interface TypeLimits {
  readonly sizeGiB: Range;
  readonly iops?: { readonly range: Range; readonly perGiB: number; readonly usual?: number };
  readonly throughput?: { readonly range: Range; readonly usual: number };
}

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html */
const types = {
  gp3: { sizeGiB: [1, 65_536], iops: { range: [3000, 80_000], perGiB: 500, usual: 3000 }, throughput: { range: [125, 2000], usual: 125 } },
  gp2: { sizeGiB: [1, 16_384] },
  io1: { sizeGiB: [4, 16_384], iops: { range: [100, 64_000], perGiB: 50 } },
  io2: { sizeGiB: [4, 65_536], iops: { range: [100, 256_000], perGiB: 1000 } },
  st1: { sizeGiB: [125, 16_384] },
  sc1: { sizeGiB: [125, 16_384] },
  standard: { sizeGiB: [1, 1024] },
} as const satisfies Readonly<Record<string, TypeLimits>>;

export type VolumeType = keyof typeof types;
const limitsOf = (type: VolumeType): TypeLimits => types[type];

export const DEFAULT_TYPE: VolumeType = 'gp3';

/** @throws {ProviderError} Invalid */
export function volumeType(text: string): VolumeType {
  const type = text.toLowerCase();
  if (Object.hasOwn(types, type)) return type as VolumeType;
  throw invalid(`a volume's type is one of ${Object.keys(types).join(', ')}, not ${JSON.stringify(text)}`);
}

/** @throws {ProviderError} Invalid */
export function checkSize(type: VolumeType, sizeGiB: number): void {
  const [least, most] = limitsOf(type).sizeGiB;
  if (sizeGiB < least || sizeGiB > most) throw invalid(`a volume of type ${type} holds from ${least} to ${most} GiB, not ${sizeGiB} GiB`);
}

/** How fast a volume is asked to be. */
export interface WantedSpeed {
  readonly type: VolumeType;
  readonly iops?: number | undefined;
  readonly iopsPerGiB?: number | undefined;
  /** What is too little for the type becomes the least that it can do. */
  readonly allowIncrease: boolean;
  /** MiB a second. */
  readonly throughput?: number | undefined;
}

/** What EC2 is asked for; what is undefined is left to EC2, or not for this type. */
export interface Speed {
  readonly iops?: number;
  readonly throughput?: number;
}

/**
 * Too many operations for the type or the size become the most there can be. Operations and throughput are left out for types that have none.
 * @throws {ProviderError} Invalid
 */
export function speedFor(wanted: WantedSpeed, sizeGiB: number): Speed {
  const iops = iopsFor(wanted, sizeGiB);
  const throughput = throughputFor(wanted);
  return { ...(iops === undefined ? {} : { iops }), ...(throughput === undefined ? {} : { throughput }) };
}

function iopsFor({ type, iops, iopsPerGiB, allowIncrease }: WantedSpeed, sizeGiB: number): number | undefined {
  const limits = limitsOf(type).iops;
  if (limits === undefined) return undefined;
  const asked = iops ?? (iopsPerGiB === undefined ? undefined : iopsPerGiB * sizeGiB);
  if (asked === undefined) {
    if (limits.usual === undefined) throw invalid(`a volume of type ${type} needs one of the parameters iops and iopsPerGB`);
    return undefined;
  }
  const [least, most] = limits.range;
  if (asked < least && !allowIncrease) throw invalid(`a volume of type ${type} has at least ${least} IOPS, not ${asked}${iops === undefined ? ` (${iopsPerGiB} for each of ${sizeGiB} GiB); allowAutoIOPSPerGBIncrease: "true" lets it have more than asked for` : ''}`);
  return Math.max(least, Math.min(asked, most, Math.max(limits.perGiB * sizeGiB, limits.usual ?? 0)));
}

function throughputFor({ type, throughput }: WantedSpeed): number | undefined {
  const limits = limitsOf(type).throughput;
  if (limits === undefined || throughput === undefined) return undefined;
  const [least, most] = limits.range;
  if (throughput < least || throughput > most) throw invalid(`a volume of type ${type} has a throughput from ${least} to ${most} MiB/s, not ${throughput}`);
  return throughput;
}

/** With what EC2 fills in. */
export function fullSpeed(type: VolumeType, { iops, throughput }: Speed): Speed {
  const limits = limitsOf(type);
  const [operations, mebibytes] = [iops ?? limits.iops?.usual, throughput ?? limits.throughput?.usual];
  return { ...(operations === undefined ? {} : { iops: operations }), ...(mebibytes === undefined ? {} : { throughput: mebibytes }) };
}

/** One that several machines can have at once. */
export const canBeShared = (type: VolumeType): boolean => type === 'io2';

/** Whether it can be chosen for this type. */
export const hasSpeed = (type: VolumeType, what: 'iops' | 'throughput'): boolean => limitsOf(type)[what] !== undefined;
