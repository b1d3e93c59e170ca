import { groupVersion } from '#core/api/schema/kind.ts';

export const apps = groupVersion('io.k8s.api.apps.v1', 'apps', 'v1');
