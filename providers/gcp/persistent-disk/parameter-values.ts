import { Quantity } from '#core/api/quantity.ts';
import { invalid, quoted } from './refusal.ts';

const mebi = 2n ** 20n;
const mostLabels = 64;

/** `true` or `false`, in letters of any size. */
export function truth(key: string, value: string): boolean {
  const word = value.toLowerCase();
  if (word !== 'true' && word !== 'false') throw invalid(`parameter ${key} must be "true" or "false", not ${quoted(value)}`);
  return word === 'true';
}

/** One of some words, in letters of any size. */
export function choice<Word extends string>(key: string, value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value.toLowerCase());
  if (found === undefined) throw invalid(`parameter ${key} must be ${words.map((word) => `"${word}"`).join(' or ')}, not ${quoted(value)}`);
  return found;
}

/** A number of operations a second. */
export function iopsOf(key: string, value: string): number {
  return positive(key, value, quantity(key, value, 'such as "3000"').value(), 'such as "3000"');
}

/** MiB a second: `150Mi`. */
export function throughputOf(key: string, value: string): number {
  const bytes = quantity(key, value, 'such as "150Mi"').value();
  // Without its unit it would be one MiB, which nobody means.
  if (bytes > 0n && bytes < mebi) throw invalid(`parameter ${key} must be an amount of bytes a second such as "150Mi", not ${quoted(value)}`);
  return positive(key, value, (bytes + mebi - 1n) / mebi, 'such as "150Mi"');
}

function quantity(key: string, value: string, like: string): Quantity {
  try {
    return Quantity.parse(value);
  } catch (error) {
    throw Object.assign(invalid(`parameter ${key} must be a quantity ${like}, not ${quoted(value)}`), { cause: error });
  }
}

function positive(key: string, value: string, amount: bigint, like: string): number {
  if (amount <= 0n || amount > 10_000_000n) throw invalid(`parameter ${key} must be an amount ${like}, not ${quoted(value)}`);
  return Number(amount);
}

/** `k=v,k=v`. */
export function labelsOf(key: string, value: string): Readonly<Record<string, string>> {
  if (value.trim() === '') return {};
  const labels = new Map<string, string>();
  for (const pair of value.split(',')) {
    const [name = '', text = '', more] = pair.split('=').map((part) => part.trim());
    if (!pair.includes('=') || more !== undefined) throw invalid(`parameter ${key} must be labels such as "team=a,stage=b", not ${quoted(value)}`);
    if (!/^\p{Ll}[\p{Ll}0-9_-]{0,62}$/u.test(name)) throw invalid(`parameter ${key} has the label ${quoted(name)}: at most 63 small letters, digits, "_" and "-", a letter first`);
    if (!/^[\p{Ll}0-9_-]{0,63}$/u.test(text)) throw invalid(`parameter ${key} gives label ${quoted(name)} the value ${quoted(text)}: at most 63 small letters, digits, "_" and "-"`);
    labels.set(name, text);
  }
  if (labels.size > mostLabels) throw invalid(`parameter ${key} has ${labels.size} labels, and Compute Engine takes ${mostLabels}`);
  return Object.fromEntries(labels);
}

/** `parent/key/value,parent/key/value`, as tags of Resource Manager are bound: by `parent/key`. */
export function resourceTagsOf(key: string, value: string): Readonly<Record<string, string>> {
  const tags = value.split(',').map((tag) => tag.trim()).filter((tag) => tag !== '').map((tag) => {
    const [, name, text] = /^([a-z0-9:.-]{1,100}\/[A-Za-z0-9][\w.-]{0,62})\/([^/]{1,256})$/.exec(tag) ?? [];
    if (name === undefined || text === undefined) throw invalid(`parameter ${key} must be tags such as "my-project/env/test", not ${quoted(tag)}`);
    return [name, text] as const;
  });
  return Object.fromEntries(tags);
}

const kmsKey = /^projects\/[a-z0-9:.-]{1,100}\/locations\/[a-z0-9-]{1,63}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;

export function kmsKeyOf(key: string, value: string): string {
  if (!kmsKey.test(withoutVersion(value))) throw invalid(`parameter ${key} must be a key such as "projects/p/locations/l/keyRings/r/cryptoKeys/k", not ${quoted(value)}`);
  return value;
}

/** A disk tells its key with the version by which it was encrypted. */
export const withoutVersion = (key: string): string => key.replace(/\/cryptoKeyVersions\/[^/]*$/, '');

export interface StoragePool {
  readonly zone: string;
  /** `projects/p/zones/z/storagePools/n`. */
  readonly path: string;
}

export function storagePoolsOf(key: string, value: string): readonly StoragePool[] {
  const pools = value.split(',').map((each): StoragePool => {
    const path = each.trim();
    const zone = /^projects\/[a-z0-9:.-]{1,100}\/zones\/([a-z0-9-]{1,63})\/storagePools\/[a-z0-9-]{1,63}$/.exec(path)?.[1];
    if (zone === undefined) throw invalid(`parameter ${key} must be storage pools such as "projects/p/zones/z/storagePools/n", not ${quoted(path)}`);
    return { zone, path };
  });
  const twice = pools.find(({ zone }, i) => pools.findIndex((other) => other.zone === zone) !== i);
  if (twice !== undefined) throw invalid(`parameter ${key} has two storage pools in zone ${twice.zone}`);
  return pools;
}

/** `a` or `a, b`. */
export function zonesOf(key: string, value: string): readonly string[] {
  const zones = value.split(',').map((zone) => zone.trim()).filter((zone) => zone !== '');
  const wrong = zones.find((zone) => !/^[a-z]+-[a-z]+\d+-[a-z0-9]+$/.test(zone));
  if (wrong !== undefined || zones.length === 0) throw invalid(`parameter ${key} must be zones such as "us-central1-a", not ${quoted(wrong ?? value)}`);
  return zones;
}
