import { isAbsolute, normalize } from 'node:path';

/** The versions of the specification whose results have the same shape but for a few fields. */
export const cniVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof cniVersions)[number];

export const isCniVersion = (text: unknown): text is CniVersion => cniVersions.includes(text as CniVersion);

/** Whether the one version has what came with the other. */
export const atLeast = (version: CniVersion, other: CniVersion): boolean => cniVersions.indexOf(version) >= cniVersions.indexOf(other);

const identifier = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const longest = 253;

/** Container ids and names of networks, as the specification wants them. */
export const isCniIdentifier = (text: string): boolean => text.length <= longest && identifier.test(text);

/** What Linux takes for a name of an interface; spaces, quotes and slashes are none of it. */
export const isInterfaceName = (text: string): boolean => text !== '.' && text !== '..' && /^[a-zA-Z0-9_.-]{1,15}$/.test(text) && !text.startsWith('-');

/** The name of a program in a folder of plugins: no path. */
export const isPluginType = (text: string): boolean => text.length <= longest && /^[a-zA-Z0-9_][a-zA-Z0-9_.+-]*$/.test(text);

/** An absolute path that may stand in a line of commands: no spaces, quotes, or `..`. */
export const isNamespacePath = (path: string): boolean => path.length <= 4096 && isAbsolute(path) && normalize(path) === path && /^[\w./:@+-]+$/.test(path);

/** A text from outside, cut and escaped for a message. */
export const quoted = (text: unknown): string => {
  const shown = JSON.stringify(text) ?? 'undefined';
  return shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
};
