import { diskTypeOf } from './disk-types.ts';
import { iopsOf, throughputOf } from './parameter-values.ts';
import { invalid, quoted } from './refusal.ts';

/** What a VolumeAttributesClass says of a disk. */
export interface Speed {
  readonly iops?: number;
  /** MiB a second. */
  readonly throughput?: number;
}

/** @throws {ProviderError} Invalid, naming the key */
export function speedOf(parameters: Readonly<Record<string, string>>): Speed {
  const speed: { iops?: number; throughput?: number } = {};
  for (const [key, value] of Object.entries(parameters)) {
    const name = key.toLowerCase();
    if (name === 'iops') speed.iops = iopsOf(quoted(name), value);
    else if (name === 'throughput') speed.throughput = throughputOf(quoted(name), value);
    else throw invalid(`there is no parameter ${quoted(key)} by which disks of Compute Engine can be changed; "iops" and "throughput" are`);
  }
  return speed;
}

/** @throws {ProviderError} Invalid for a type of disk whose speed stays what it was */
export function checkChangeable(typeName: string, { iops, throughput }: Speed): void {
  const type = diskTypeOf(typeName);
  if (type === undefined) return;
  const refused = (what: string): Error => invalid(`the ${what} of disks of type ${typeName} cannot be changed`);
  if (iops !== undefined && (type.isChangeable !== true || type.takesIops !== true)) throw refused('IOPS');
  if (throughput !== undefined && (type.isChangeable !== true || type.takesThroughput !== true)) throw refused('throughput');
}
