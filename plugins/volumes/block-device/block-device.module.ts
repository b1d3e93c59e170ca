/** What providers use of this plugin. It is no module that somebody names after a flag: which devices there are is a platform's matter. */
export { BlockDeviceDriver, fileSystemUsage, type BlockDeviceDriverParts, type DeviceFinder, type DeviceHints } from './block-device-driver.ts';
export { programPath, runCommand, type CommandResult, type RunCommand } from './commands.ts';
export { blockDeviceAt, followed, kernelNames, kernelText, partitionOf, partitionPath } from './devices.ts';
export { grow, growUnmounted, hasRoomToGrow, mayGrowMounted, probe, repair } from './file-systems.ts';
export type { FormatOptions } from './format-options.ts';
export { checkMountOptions, makeTarget, Mounter, removeTarget } from './mounter.ts';
export { isWithin, locate, mountAt, readMounts, type Mount } from './mounts.ts';
export { classify, errorCode, isMissing, isPlainPath, messageOf, mountPlace, placeOf, quoted, stagingPlace } from './paths.ts';
