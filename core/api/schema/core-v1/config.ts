import type { KindOf } from '#core/api/schema/kind.ts';
import { bool, bytes, map, pointer, string, withDefault } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const ConfigMap = core.kind('ConfigMap', 'Settings for pods, as keys and values.', {
  immutable: [4, pointer(bool), 'Once true, data cannot change and immutable stays true.'],
  data: [2, map(string), 'Text, by key.'],
  binaryData: [3, map(bytes), 'Bytes in base64, by key; no key may stand in data too.'],
});
export type ConfigMap = KindOf<typeof ConfigMap>;

export const Secret = core.kind('Secret', 'Small pieces of secret data, as keys and values.', {
  immutable: [5, pointer(bool), 'Once true, data cannot change and immutable stays true.'],
  data: [2, map(bytes), 'Bytes in base64, by key.'],
  stringData: [4, map(string), 'Text to be put into data; never read back.'],
  type: [3, withDefault(string, 'Opaque'), 'What is in it, such as kubernetes.io/tls. Cannot change.'],
});
export type Secret = KindOf<typeof Secret>;
