/** Whether a name that came from outside may be one step of a path. */
export const isSafeName = (name: string): boolean => name.length > 0 && name.length <= 253 && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
