import type { IncomingMessage } from 'node:http';

export const isSpdy = ({ headers: { upgrade = '' } }: IncomingMessage): boolean => /^spdy\/3\.1$/i.test(upgrade);

/** The first protocol of `X-Stream-Protocol-Version` that we speak: '' when the client names none, undefined when we speak none that it names. */
export function negotiate(offered: readonly string[], ours: readonly string[]): string | undefined {
  return offered.length === 0 ? '' : offered.find((name) => ours.includes(name));
}

export function offeredProtocols({ headers }: IncomingMessage): readonly string[] {
  const value = headers['x-stream-protocol-version'] ?? '';
  return [value].flat().flatMap((names) => names.split(',')).map((name) => name.trim()).filter((name) => name !== '');
}

/** The answer that begins SPDY. @param protocol '' when there was nothing to negotiate */
export const spdyAnswer = (protocol: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${protocol === '' ? '' : `X-Stream-Protocol-Version: ${protocol}\r\n`}\r\n`;
