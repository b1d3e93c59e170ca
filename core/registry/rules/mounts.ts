import type { Container, VolumeMount } from '#core/api/schema/core-v1/container.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import type { FieldPath } from './field-path.ts';
import { backstepProblem, localPathProblem } from './syntax.ts';

type Volumes = ReadonlyMap<string, Volume>;

function validateReadOnly(mount: VolumeMount, field: FieldPath): void {
  const { recursiveReadOnly = 'Disabled', mountPropagation = 'None' } = mount;
  if (recursiveReadOnly === 'Disabled') return;
  if (mount.readOnly !== true) field.forbidden('may only be specified when readOnly is true');
  if (mountPropagation !== 'None') field.forbidden('may only be specified when mountPropagation is None or not specified');
}

function validateSubPaths({ subPath = '', subPathExpr = '' }: VolumeMount, field: FieldPath): void {
  field.at('subPath').optional(subPath, localPathProblem);
  field.at('subPathExpr').optional(subPathExpr, localPathProblem);
  if (subPath !== '' && subPathExpr !== '') field.at('subPathExpr').invalid(subPathExpr, 'subPathExpr and subPath are mutually exclusive');
}

/** A path in the container that nothing else has taken. */
function validatePlace(path: string, taken: Set<string>, others: ReadonlySet<string>, otherList: string, field: FieldPath): void {
  if (path === '') field.required();
  else if (taken.has(path)) field.invalid(path, 'must be unique');
  else if (others.has(path)) field.invalid(path, `must not already exist as a path in ${otherList}`);
  taken.add(path);
}

/** Each mount shows a volume of the pod at a place of its own. */
export function validateMounts(container: Container, volumes: Volumes, field: FieldPath): void {
  const devices = container.volumeDevices ?? [];
  const deviceNames = new Set(devices.map(({ name }) => name));
  const devicePaths = new Set(devices.map(({ devicePath }) => devicePath));
  const paths = new Set<string>();
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const at = field.at(i);
    if (mount.name === '') at.at('name').required();
    else if (!volumes.has(mount.name)) at.at('name').notFound(mount.name);
    else if (deviceNames.has(mount.name)) at.at('name').invalid(mount.name, 'must not already exist in volumeDevices');
    validatePlace(mount.mountPath, paths, devicePaths, 'volumeDevices', at.at('mountPath'));
    validateSubPaths(mount, at);
    if (mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
      at.at('mountPropagation').forbidden('Bidirectional mount propagation is available only to privileged containers');
    }
    validateReadOnly(mount, at.at('recursiveReadOnly'));
  }
}

/** Each device shows a claim of the pod in raw form. */
export function validateDevices(container: Container, volumes: Volumes, field: FieldPath): void {
  const mounts = container.volumeMounts ?? [];
  const mountNames = new Set(mounts.map(({ name }) => name));
  const mountPaths = new Set(mounts.map(({ mountPath }) => mountPath));
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [i, { name, devicePath }] of (container.volumeDevices ?? []).entries()) {
    const [nameAt, pathAt] = [field.at(i, 'name'), field.at(i, 'devicePath')];
    const volume = volumes.get(name);
    if (name === '') nameAt.required();
    else if (volume === undefined) nameAt.notFound(name);
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      nameAt.invalid(name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    }
    if (names.has(name)) nameAt.invalid(name, 'must be unique');
    else if (mountNames.has(name)) nameAt.invalid(name, 'must not already exist in volumeMounts');
    names.add(name);
    validatePlace(devicePath, paths, mountPaths, 'volumeMounts', pathAt);
    if (backstepProblem(devicePath) !== undefined) pathAt.invalid(devicePath, "can not contain backsteps ('..')");
  }
}
