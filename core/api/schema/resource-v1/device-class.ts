import type { KindOf } from '#core/api/schema/kind.ts';
import { inline, list, pointer, required, string, type Of } from '#core/api/schema/type.ts';
import { DeviceConfiguration, DeviceSelector, resource } from './resource.ts';

export const DeviceClassConfiguration = resource.type('DeviceClassConfiguration', 'Settings for every device that is given for the class.', {
  deviceConfiguration: [1, inline(DeviceConfiguration)],
});
export type DeviceClassConfiguration = Of<typeof DeviceClassConfiguration>;

export const DeviceClassSpec = resource.type('DeviceClassSpec', 'Which devices belong to a class, and their settings.', {
  selectors: [1, list(DeviceSelector), 'What the devices must satisfy; all must hold.'],
  config: [2, list(DeviceClassConfiguration), 'Their settings.'],
  extendedResourceName: [4, pointer(string), 'A resource name such as example.com/gpu by which containers get such devices without a claim.'],
});
export type DeviceClassSpec = Of<typeof DeviceClassSpec>;

export const DeviceClass = resource.kind('DeviceClass', 'A kind of device that claims can ask for.', {
  spec: [2, required(DeviceClassSpec), 'Which devices belong to it.'],
}, { plural: 'deviceclasses', namespaced: false });
export type DeviceClass = KindOf<typeof DeviceClass>;
