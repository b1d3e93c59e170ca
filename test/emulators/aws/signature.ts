import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What the Authorization header of Signature Version 4 says. */
export interface Signature {
  readonly keyId: string;
  /** `20261121`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const form = /^AWS4-HMAC-SHA256 Credential=([^/\s,]+)\/(\d{8})\/([^/\s,]+)\/([^/\s,]+)\/aws4_request,\s*SignedHeaders=([\w;-]+),\s*Signature=([0-9a-f]{64})$/;

/** Undefined when it is no signature of this kind. */
export function parseAuthorization(header: string | undefined): Signature | undefined {
  const [, keyId, date, region, service, headers, signature] = form.exec(header ?? '') ?? [];
  if (keyId === undefined || date === undefined || region === undefined || service === undefined || signature === undefined) return undefined;
  return { keyId, date, region, service, signature, signedHeaders: (headers ?? '').split(';') };
}

/** Of `20261121T164500Z`; NaN for anything else. */
export function parseAmzDate(text: unknown): number {
  const match = typeof text === 'string' ? /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) : null;
  if (match === null) return NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

export function signatureMatches(request: SignedRequest, signature: Signature, secret: string): boolean {
  const canonical = [
    request.method,
    request.path,
    request.query.split('&').filter((part) => part !== '').sort().join('&'),
    ...signature.signedHeaders.map((name) => `${name}:${headerText(request.headers[name])}`),
    '',
    signature.signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
  const scope = `${signature.date}/${signature.region}/${signature.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headerText(request.headers['x-amz-date']), scope, sha256(canonical)].join('\n');
  const key = [signature.date, signature.region, signature.service, 'aws4_request'].reduce<Buffer | string>((previous, part) => hmac(previous, part), `AWS4${secret}`);
  return timingSafeEqual(Buffer.from(hmac(key, toSign).toString('hex')), Buffer.from(signature.signature));
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const headerText = (value: string | string[] | undefined): string => (Array.isArray(value) ? value.join(',') : value ?? '').trim().replace(/ +/g, ' ');
