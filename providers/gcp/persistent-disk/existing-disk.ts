import { isObject } from '#core/api/value.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { clusterLabel } from '#providers/gcp/context.ts';
import { bytesOf, forcedMark, type DiskRequest } from './disk-request.ts';
import type { FoundDisk } from './disks.ts';
import { handleOf, pathOf, type DiskPlace } from './handles.ts';
import { withoutVersion } from './parameter-values.ts';
import { quoted } from './refusal.ts';

/** Its class said that it may be taken from a machine of a zone that does not answer. */
export function isForced({ kind, description }: Pick<FoundDisk, 'kind' | 'description'>): boolean {
  if (kind !== 'regions') return false;
  try {
    const said: unknown = JSON.parse(description);
    return isObject(said) && Object.entries(forcedMark).every(([key, value]) => said[key] === value);
  } catch {
    return false;
  }
}

export const isOurs = ({ labels }: { readonly labels: Readonly<Record<string, string>> }, clusterId: string): boolean =>
  Object.hasOwn(labels, clusterLabel) && labels[clusterLabel] === clusterId;

/** A disk of this name is what is asked for. @throws {ProviderError} AlreadyExists */
export function checkSame(disk: FoundDisk, request: DiskRequest): void {
  const { parameters, capacity: { required, limit } } = request;
  const size = bytesOf(disk.sizeGb);
  if (size < required || (limit !== undefined && size > limit)) throw differs(disk, `with ${disk.sizeGb} GiB; ${required} to ${limit ?? 'any number of'} bytes were asked for`);
  for (const [what, has, asked] of comparisons(disk, request)) if (has !== asked) throw differs(disk, `with ${what} ${quoted(has)}, not ${quoted(asked)}`);
  // What was not asked for, Compute Engine chose.
  checkSpeed(disk, 'IOPS', disk.iops, parameters.iops);
  checkSpeed(disk, 'MiB a second', disk.throughput, parameters.throughput);
}

function comparisons(disk: FoundDisk, { parameters, accessMode, source }: DiskRequest): readonly (readonly [what: string, has: string, asked: string])[] {
  const { typeName, type, kmsKey = '', isConfidential, storagePools } = parameters;
  const single = 'READ_WRITE_SINGLE';
  const pool = storagePools.find(({ zone }) => zone === disk.place)?.path ?? '';
  return [
    ['type', disk.typeName, typeName],
    ['encryption key', withoutVersion(disk.kmsKey ?? ''), withoutVersion(kmsKey)],
    ['confidential storage', String(disk.isConfidential), String(isConfidential)],
    ['source', disk.source ?? '', source ?? ''],
    ['storage pool', pathOf(disk.storagePool ?? ''), pool],
    ...(type.accessModes === undefined ? [] : [['access mode', disk.accessMode ?? single, accessMode ?? single] as const]),
  ];
}

function checkSpeed(disk: FoundDisk, unit: string, has: number | undefined, asked: number | undefined): void {
  if (asked !== undefined && has !== asked) throw differs(disk, `with ${has ?? 'no'} ${unit}, not ${asked}`);
}

const differs = (disk: DiskPlace, how: string): ProviderError => new ProviderError('AlreadyExists', `disk ${handleOf(disk)} is already there ${how}`);

/** A thing of that name is somebody else's. */
export const foreign = (path: string): ProviderError => new ProviderError('AlreadyExists', `${path} is already there, and does not have the label ${clusterLabel} of this cluster`);

/** It is not this driver's to delete. */
export const notOurs = (path: string): ProviderError =>
  new ProviderError('Invalid', `${path} does not have the label ${clusterLabel} of this cluster, which did not make it: delete it by hand, or give it the label`);
