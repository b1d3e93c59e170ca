import { ProviderError } from '#core/spi/errors.ts';
import type { VolumeOwner } from '#core/spi/volume-driver.ts';

/** What is written beside each volume: whose it is and what it was made as. */
export interface VolumeRecord {
  readonly name: string;
  readonly owner: VolumeOwner;
  readonly capacity: bigint;
  /** An image with its own file system, which cannot grow over its capacity; otherwise a plain folder. */
  readonly enforced: boolean;
  readonly volumeMode: 'Filesystem' | 'Block';
  readonly parameters: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly created: string;
}

export function encodeRecord(record: VolumeRecord): string {
  return `${JSON.stringify({ version: 1, ...record, capacity: record.capacity.toString() }, undefined, 2)}\n`;
}

/** @throws {ProviderError} Invalid when the text is not the record of the volume of this name */
export function decodeRecord(text: string, name: string): VolumeRecord {
  const found = parsed(text);
  const owner = objectOf(found['owner']);
  const record = {
    name: textOf(found['name']), created: textOf(found['created']), capacity: textOf(found['capacity']),
    owner: { namespace: textOf(owner['namespace']), name: textOf(owner['name']), uid: textOf(owner['uid']) },
  };
  if (found['version'] !== 1 || !/^[1-9]\d{0,18}$/.test(record.capacity)) throw foreign(name, 'its record is damaged or of another version');
  if (record.name !== name) {
    throw foreign(name, `its record is that of ${JSON.stringify(record.name)} for the claim with UID ${JSON.stringify(record.owner.uid)}`);
  }
  return {
    ...record,
    capacity: BigInt(record.capacity),
    enforced: found['enforced'] !== false,
    volumeMode: found['volumeMode'] === 'Block' ? 'Block' : 'Filesystem',
    parameters: Object.fromEntries(Object.entries(objectOf(found['parameters'])).map(([key, value]) => [key, textOf(value)])),
  };
}

export const foreign = (name: string, why: string): ProviderError =>
  new ProviderError('Invalid', `what is stored as ${name} was not made by this driver and is left alone: ${why}`);

function parsed(text: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

const objectOf = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? { ...value } : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
