import { open } from 'node:fs/promises';

const EXT_MAGIC = 0xef53;
const EXT_64BIT = 0x80;
const XFS_MAGIC = 'XFSB';

/** What a file system says of itself at the beginning of its device. */
export interface Superblock {
  readonly kind: 'ext' | 'xfs';
  /** How much of the device it takes. */
  readonly bytes: bigint;
  /** Its maker was interrupted; ext file systems never show that, since theirs is written last. */
  readonly isUnfinished: boolean;
}

/** Undefined when it is of another kind, or none. */
export async function readSuperblock(device: string): Promise<Superblock | undefined> {
  await using file = await open(device, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2048), 0, 2048, 0);
  return bytesRead < buffer.length ? undefined : (ext(buffer.subarray(1024)) ?? xfs(buffer));
}

/** As in the kernel's Documentation/filesystems/ext4/super.rst. */
function ext(block: Buffer): Superblock | undefined {
  if (block.readUInt16LE(0x38) !== EXT_MAGIC) return undefined;
  const high = (block.readUInt32LE(0x60) & EXT_64BIT) === 0 ? 0n : BigInt(block.readUInt32LE(0x150));
  const blocks = (high << 32n) + BigInt(block.readUInt32LE(0x4));
  return { kind: 'ext', bytes: blocks * (1024n << BigInt(block.readUInt32LE(0x18))), isUnfinished: false };
}

/** `struct xfs_dsb`: all numbers are big-endian. */
function xfs(block: Buffer): Superblock | undefined {
  if (block.toString('latin1', 0, 4) !== XFS_MAGIC) return undefined;
  return { kind: 'xfs', bytes: BigInt(block.readUInt32BE(4)) * block.readBigUInt64BE(8), isUnfinished: block.readUInt8(126) !== 0 };
}
