import { entryOf, invalid, quoted } from './names.ts';
import { checkSpecification, isTagSpecification } from './tags.ts';

/** What a VolumeSnapshotClass says. */
export interface SnapshotParameters {
  /** Of `tagSpecification_N`, in the order of their keys. */
  readonly tagSpecifications: readonly string[];
  /** Of the VolumeSnapshot, when the caller says so. */
  readonly snapshot: { readonly name?: string; readonly namespace?: string };
}

const notHere: Readonly<Record<string, string>> = {
  fastsnapshotrestoreavailabilityzones: 'fast snapshot restore is switched on with the vendor\'s own tools',
  outpostarn: 'volumes on outposts are not supported',
  lockmode: 'snapshots are locked with the vendor\'s own tools',
  lockduration: 'snapshots are locked with the vendor\'s own tools',
  lockexpirationdate: 'snapshots are locked with the vendor\'s own tools',
  lockcooloffperiod: 'snapshots are locked with the vendor\'s own tools',
};
const nameKey = 'csi.storage.k8s.io/volumesnapshot/name';
const namespaceKey = 'csi.storage.k8s.io/volumesnapshot/namespace';
const contentKey = 'csi.storage.k8s.io/volumesnapshotcontent/name';

/** @throws {ProviderError} Invalid, naming the key */
export function snapshotParameters(parameters: Readonly<Record<string, string>>): SnapshotParameters {
  const { [nameKey]: name, [namespaceKey]: namespace, [contentKey]: _content, ...rest } = parameters;
  const tagSpecifications: string[] = [];
  for (const key of Object.keys(rest).toSorted()) {
    if (!isTagSpecification(key)) throw refusal(key);
    const specification = rest[key] ?? '';
    checkSpecification(specification);
    tagSpecifications.push(specification);
  }
  return { tagSpecifications, snapshot: { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) } };
}

function refusal(key: string): Error {
  const why = entryOf(notHere, key.toLowerCase());
  return invalid(why === undefined ? `there is no parameter ${quoted(key)} of snapshots; known is tagSpecification_N` : `parameter ${key} is not supported: ${why}`);
}
