import { groupVersion } from '#core/api/schema/kind.ts';
import { oneOf } from '#core/api/schema/type.ts';

export const core = groupVersion('io.k8s.api.core.v1', '', 'v1');

export const accessMode = oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod');
export const volumeMode = oneOf('Block', 'Filesystem');
export const pullPolicy = oneOf('Always', 'IfNotPresent', 'Never');
