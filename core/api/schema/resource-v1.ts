// The kinds of this group and version, for programs that use Keelson; inside, the files are imported themselves.
export { ResourceClaim, ResourceClaimTemplate } from './resource-v1/claim.ts';
export { DeviceClass } from './resource-v1/device-class.ts';
export { ResourceSlice } from './resource-v1/slice.ts';
