const regionForm = /^[a-z]{2,}(-[a-z0-9]+)*-\d+$/;
const zoneForm = /^(?<region>[a-z]{2,}(?:-[a-z]+)+-\d+)(?:[a-z]|-[a-z0-9-]+)$/;

export const isRegionName = (text: string): boolean => regionForm.test(text);

/** `us-west-2` of `us-west-2a` and `us-west-2-lax-1a`; undefined of what is no zone's name. */
export const regionOfZone = (zone: string): string | undefined => zoneForm.exec(zone)?.groups?.['region'];
