import { ProviderError } from '#core/spi/errors.ts';
import { quoted } from '#plugins/volumes/block-device/block-device.module.ts';

export interface ClassParameters {
  /** The volume cannot grow over its capacity. */
  readonly enforced: boolean;
  /** The folder of volumes to take; the default one when undefined. */
  readonly nodePath?: string;
}

/** Parameters of rancher.io/local-path that this driver refuses, each with its reason. */
const refused: Readonly<Record<string, string>> = {
  pathPattern: 'folders are named after the claim\'s UID only, because a pattern lets whoever writes a claim choose paths on the machine',
  allowUnsafePathPattern: 'path patterns are not used',
  userPattern: 'the owner of a volume\'s files is set by the pod\'s securityContext.fsGroup',
  groupPattern: 'the group of a volume\'s files is set by the pod\'s securityContext.fsGroup',
  permPattern: 'the mode of a volume\'s files is set by the pod\'s securityContext.fsGroup',
};

/** @throws {ProviderError} Invalid, naming the key */
export function parseParameters(parameters: Readonly<Record<string, string>>): ClassParameters {
  const { enforceCapacity = 'true', nodePath, nodeAffinityKey = HOSTNAME, ...rest } = parameters;
  for (const key of Object.keys(rest)) {
    const why = Object.hasOwn(refused, key) ? refused[key] : 'there is no such parameter; known are enforceCapacity, nodePath and nodeAffinityKey';
    throw new ProviderError('Invalid', `parameter ${quoted(key)} is not supported: ${why}`);
  }
  if (enforceCapacity !== 'true' && enforceCapacity !== 'false') throw new ProviderError('Invalid', `parameter enforceCapacity must be "true" or "false", not ${quoted(enforceCapacity)}`);
  if (nodeAffinityKey !== HOSTNAME) throw new ProviderError('Invalid', `parameter nodeAffinityKey must be ${HOSTNAME}, not ${quoted(nodeAffinityKey)}`);
  return { enforced: enforceCapacity === 'true', ...(nodePath === undefined ? {} : { nodePath }) };
}

/** The topology key by which volumes belong to this machine. */
export const HOSTNAME = 'kubernetes.io/hostname';
