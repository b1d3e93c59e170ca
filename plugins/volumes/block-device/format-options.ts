import { ProviderError } from '#core/spi/errors.ts';
import { quoted } from './paths.ts';

/** How a file system is made, where its maker's own defaults do not fit. Sizes in bytes, as decimal texts. */
export interface FormatOptions {
  readonly blockSize?: string | undefined;
  readonly inodeSize?: string | undefined;
  readonly bytesPerInode?: string | undefined;
  readonly numberOfInodes?: string | undefined;
  /** ext4: space is given in clusters of blocks. */
  readonly bigAlloc?: boolean | undefined;
  readonly clusterSize?: string | undefined;
  /** ext4: folders may be encrypted. */
  readonly encryption?: boolean | undefined;
}

const ofExt4Only = ['bytesPerInode', 'numberOfInodes', 'bigAlloc', 'clusterSize', 'encryption'] as const;

/** Arguments of `mkfs`. @throws {ProviderError} Invalid */
export function formatArguments(fsType: string, options: FormatOptions): readonly string[] {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'string' && !/^[1-9]\d{0,15}$/.test(value)) throw new ProviderError('Invalid', `${name} must be a whole number, not ${quoted(value)}`);
  }
  return fsType === 'xfs' ? xfsArguments(options) : extArguments(options);
}

function xfsArguments(options: FormatOptions): readonly string[] {
  const wrong = ofExt4Only.find((name) => options[name] !== undefined && options[name] !== false);
  if (wrong !== undefined) throw new ProviderError('Invalid', `an xfs file system has no ${wrong}`);
  const { blockSize, inodeSize } = options;
  return [...(blockSize === undefined ? [] : ['-b', `size=${blockSize}`]), ...(inodeSize === undefined ? [] : ['-i', `size=${inodeSize}`])];
}

function extArguments({ blockSize, inodeSize, bytesPerInode, numberOfInodes, bigAlloc, clusterSize, encryption }: FormatOptions): readonly string[] {
  const sizes = [['-b', blockSize], ['-I', inodeSize], ['-i', bytesPerInode], ['-N', numberOfInodes], ['-C', clusterSize]] as const;
  const features = [...(bigAlloc === true ? ['bigalloc'] : []), ...(encryption === true ? ['encrypt'] : [])];
  return [...sizes.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value])), ...(features.length === 0 ? [] : ['-O', features.join(',')])];
}
