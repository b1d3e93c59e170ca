const volumeName = /^pvc-[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?$/;

/** Only such a name ever becomes part of a path: `pvc-` and the claim's UID, at most 63 characters. */
export const isVolumeName = (text: string): boolean => volumeName.test(text);
