import { groupVersion } from '#core/api/schema/kind.ts';

export const batch = groupVersion('io.k8s.api.batch.v1', 'batch', 'v1');
