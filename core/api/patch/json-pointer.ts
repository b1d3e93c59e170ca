import { isObject, maxDepth, own } from '#core/api/value.ts';

/** Splits an RFC 6901 pointer. @returns nothing when it is malformed or longer than JSON may nest. */
export function parsePointer(text: string): string[] | undefined {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined;
  const tokens = text.slice(1).split('/');
  return tokens.length > maxDepth ? undefined : tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The position that a token names in a list; nothing when it names none. */
export function indexIn(list: readonly unknown[], token: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(token)) return undefined;
  const index = Number(token);
  return index < list.length ? index : undefined;
}

/** The member or item that a token names; nothing when there is none. */
export function child(value: unknown, token: string): unknown {
  if (Array.isArray(value)) {
    const index = indexIn(value, token);
    return index === undefined ? undefined : (value[index] as unknown);
  }
  return isObject(value) ? own(value, token) : undefined;
}
