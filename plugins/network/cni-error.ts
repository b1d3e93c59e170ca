import type { JsonObject } from '#core/api/value.ts';
import { isObject, own } from '#core/api/value.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';

/** The codes that the specification knows; from 100 on they are a plugin's own. */
export const cniCodes = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  io: 5,
  decoding: 6,
  invalidConfig: 7,
  invalidNamespace: 8,
  tryAgainLater: 11,
  notAvailable: 50,
  limited: 51,
  /** The interface is there already. */
  alreadyAttached: 100,
  /** What `check` finds is not what `add` made. */
  notAsMade: 101,
  /** The machine refused: a link, a route or a rule. */
  refused: 102,
  /** What a runtime says of its own faults. */
  internal: 999,
} as const;

/** `{cniVersion, code, msg, details}`, as a plugin writes it to its standard output. */
export function cniErrorJson(error: unknown, cniVersion: string): JsonObject {
  if (error instanceof NetworkError) return { cniVersion, code: error.code, msg: error.message, ...(error.details === '' ? {} : { details: error.details }) };
  return { cniVersion, code: cniCodes.internal, msg: error instanceof Error ? error.message : String(error) };
}

/** The error that a plugin wrote; undefined when the text is none. */
export function parseCniError(text: string, plugin: string): NetworkError | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const [code, msg, details] = ['code', 'msg', 'details'].map((key) => own(value, key));
  if (!Number.isSafeInteger(code) || (typeof msg !== 'string' && typeof details !== 'string')) return undefined;
  return new NetworkError(Number(code), `${plugin}: ${cut(typeof msg === 'string' ? msg : String(details))}`, typeof details === 'string' ? cut(details) : '');
}

const cut = (text: string): string => (text.length > 2000 ? `${text.slice(0, 2000)}…` : text);
