import { createPrivateKey, X509Certificate } from 'node:crypto';

/** A certificate, with those of intermediate authorities behind it, and its private key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** When the certificate is good, in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function spanOf({ cert }: KeyPair): Span {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  return { from: validFromDate.getTime(), to: validToDate.getTime() };
}

const blocks = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n?/g;

/** One file with both, so that no certificate is ever beside another's key. */
export const pairText = ({ cert, key }: KeyPair): string => `${cert.trimEnd()}\n${key.trimEnd()}\n`;

/** Undefined when the text holds no certificate with its key. */
export function parsePair(text: string): KeyPair | undefined {
  const found = [...text.slice(0, 100_000).matchAll(blocks)];
  const cert = found.filter(([, type]) => type === 'CERTIFICATE').map(([block]) => block.trimEnd()).join('\n');
  const key = found.find(([, type]) => type?.endsWith('PRIVATE KEY'))?.[0].trimEnd();
  return key !== undefined && isPair(cert, key) ? { cert: `${cert}\n`, key: `${key}\n` } : undefined;
}

export function isPair(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** It is a client certificate of the node. */
export const isOfNode = ({ cert }: KeyPair, nodeName: string): boolean => new X509Certificate(cert).subject.split('\n').includes(`CN=system:node:${nodeName}`);
