import { plural, quoted, sorted, uses, type Check } from './checks.ts';

export const hostPathVolumes: Check = {
  level: 'baseline',
  since: [[0, ({ spec }) => {
    const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
    return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: `${plural('volume', names.length)} ${quoted(names)}` };
  }]],
};

/** What is made for the pod, or what somebody with more rights has made. */
const harmless = new Set(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret']);

export const volumeTypes: Check = {
  level: 'restricted',
  replaces: hostPathVolumes,
  since: [[0, ({ spec }) => {
    const bad = (spec.volumes ?? []).map(({ name, ...source }) => ({ name, types: Object.keys(source) })).filter(({ types }) => !types.some((type) => harmless.has(type)));
    if (bad.length === 0) return undefined;
    const types = sorted(bad.map(({ types: [first = 'unknown'] }) => first));
    const names = bad.map(({ name }) => name);
    return {
      reason: 'restricted volume types',
      detail: `${plural('volume', names.length)} ${quoted(names)} ${uses(names.length)} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
    };
  }]],
};
