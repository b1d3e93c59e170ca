import { driverName } from './disk-request.ts';
import { choice, labelsOf, resourceTagsOf } from './parameter-values.ts';
import { ownLabels } from './parameters.ts';
import { invalid, quoted } from './refusal.ts';

/** What a VolumeSnapshotClass says. */
export interface SnapshotParameters {
  readonly kind: 'snapshots' | 'images';
  /** A region or a multi-region. */
  readonly storageLocation?: string;
  readonly family?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly resourceTags: Readonly<Record<string, string>>;
  /** For whom it is made, by keys of the description. */
  readonly createdFor: Readonly<Record<string, string>>;
}

const kinds = ['snapshots', 'images'] as const;

interface Draft {
  kind?: 'snapshots' | 'images';
  storageLocation?: string;
  family?: string;
  labels?: Readonly<Record<string, string>>;
  resourceTags?: Readonly<Record<string, string>>;
  createdFor: Record<string, string>;
}

type Reader = (draft: Draft, value: string, key: string) => void;

const createdFor = (key: string): readonly [string, Reader] => [`csi.storage.k8s.io/${key}`, (draft, value) => void (draft.createdFor[`kubernetes.io/created-for/${key}`] = value)];

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['snapshot-type', (draft, value, key) => void (draft.kind = choice(key, value, kinds))],
  ['storage-locations', (draft, value, key) => void (draft.storageLocation = locationOf(key, value))],
  ['image-family', (draft, value, key) => void (draft.family = familyOf(key, value))],
  ['labels', (draft, value, key) => void (draft.labels = ownLabels(key, labelsOf(key, value)))],
  ['resource-tags', (draft, value, key) => void (draft.resourceTags = resourceTagsOf(key, value))],
  createdFor('volumesnapshot/name'),
  createdFor('volumesnapshot/namespace'),
  createdFor('volumesnapshotcontent/name'),
]);

/** @throws {ProviderError} Invalid, naming the key */
export function parseSnapshotParameters(parameters: Readonly<Record<string, string>>): SnapshotParameters {
  const draft: Draft = { createdFor: {} };
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(parameters)) {
    const name = key.toLowerCase();
    const reader = readers.get(name);
    if (reader === undefined) throw invalid(`there is no parameter ${quoted(key)} for snapshots of disks of Compute Engine`);
    if (seen.has(name)) throw invalid(`parameter ${quoted(name)} is there twice`);
    seen.add(name);
    reader(draft, value, quoted(name));
  }
  const parsed = { kind: 'snapshots', labels: {}, resourceTags: {}, ...draft } as const;
  if (parsed.family !== undefined && parsed.kind !== 'images') throw invalid('parameter "image-family" is for images only; set "snapshot-type" to "images"');
  return parsed;
}

function locationOf(key: string, value: string): string {
  const location = value.trim().toLowerCase();
  if (!/^[a-z]+(?:-[a-z]+\d+)?$/.test(location)) throw invalid(`parameter ${key} must be one region or multi-region such as "us-central1" or "eu", not ${quoted(value)}`);
  return location;
}

function familyOf(key: string, value: string): string {
  if (!/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) throw invalid(`parameter ${key} must be at most 63 characters of a-z, 0-9 and "-", not ${quoted(value)}`);
  return value;
}

export function snapshotDescription({ createdFor: labels }: SnapshotParameters): string {
  return JSON.stringify({ ...labels, 'storage.gke.io/created-by': driverName });
}
