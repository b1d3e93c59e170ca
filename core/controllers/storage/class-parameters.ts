import { ProviderError } from '#core/spi/errors.ts';

const prefix = 'csi.storage.k8s.io/';
const fsTypeKey = `${prefix}fstype`;
const secretKey = /^(?:(?:provisioner|controller-publish|node-stage|node-publish|controller-expand|node-expand|controller-modify)-)?secret-(?:name|namespace)$/;

export interface ClassParameters {
  /** What the driver gets. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly fsType: string | undefined;
}

/**
 * Splits a class's parameters into the driver's own and those that are addressed to the provisioner.
 * @throws {ProviderError} Invalid
 */
export function splitParameters(all: Readonly<Record<string, string>> | undefined): ClassParameters {
  const parameters: Record<string, string> = {};
  const fsTypes: string[] = [];
  for (const [key, value] of Object.entries(all ?? {})) {
    // The old key goes on to the driver as well: some know it.
    if (key === fsTypeKey || key.toLowerCase() === 'fstype') fsTypes.push(value);
    if (!key.startsWith(prefix)) parameters[key] = value;
    else if (key !== fsTypeKey) throw refused(key);
  }
  if (fsTypes.length > 1) throw new ProviderError('Invalid', `fstype specified in parameters with both "fstype" and "${fsTypeKey}" keys`);
  const [fsType] = fsTypes;
  return { parameters, fsType: fsType === '' ? undefined : fsType };
}

function refused(key: string): ProviderError {
  return secretKey.test(key.slice(prefix.length))
    ? new ProviderError('Invalid', `parameter "${key}": secrets from a StorageClass are not passed on to drivers here; configure the driver's credentials in the driver`)
    : new ProviderError('Invalid', `found unknown parameter key "${key}" with reserved prefix ${prefix}`);
}
