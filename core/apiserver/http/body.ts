import type { IncomingMessage } from 'node:http';
import { parseJson } from '#core/api/json.ts';
import { fromProtobuf, openEnvelope } from '#core/api/schema/protobuf.ts';
import type { Struct } from '#core/api/schema/type.ts';
import { StatusError } from '#core/api/status-error.ts';
import { tooDeep } from '#core/api/value.ts';
import type { Body } from '#core/apiserver/api.ts';
import { readYaml } from './yaml-thread.ts';

/** As upstream: larger requests cannot be stored anyway. */
const maximumBodyBytes = 3 * 1024 * 1024;

/** The media type without parameters, in lower case. */
export const mediaType = (request: IncomingMessage): string => (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

export interface BodyLimits {
  /** How long the body may take to arrive. */
  readonly withinMs: number;
  /** Called for each piece before it is kept. @throws {StatusError} TooManyRequests */
  readonly take: (bytes: number) => void;
}

/** @throws {StatusError} RequestEntityTooLarge; BadRequest when the client goes away half-way, or takes too long; TooManyRequests */
export async function readBody(request: IncomingMessage, { withinMs, take }: BodyLimits): Promise<Buffer> {
  const announced = request.headers['content-length'];
  if ((announced === undefined || announced === '0') && request.headers['transfer-encoding'] === undefined) return empty;
  if (Number(announced ?? 0) > maximumBodyBytes) throw tooLarge(Number(announced));
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const limit = setTimeout(() => reject(tooLate(withinMs)), withinMs);
  const data = (chunk: Buffer): void => {
    size += chunk.length;
    try {
      if (size > maximumBodyBytes) throw tooLarge(size);
      take(chunk.length);
      chunks.push(chunk);
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const end = (): void => {
    // The close that follows comes before the listeners are taken off below, and an error costs its stack, for each request.
    request.off('close', broken);
    resolve(chunks.length === 1 ? (chunks[0] ?? empty) : Buffer.concat(chunks));
  };
  const broken = (cause: unknown): void => reject(StatusError.badRequest('the request body ended early', { cause }));
  request.on('data', data).on('end', end).on('error', broken).on('close', broken);
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
    request.off('data', data).off('end', end).off('error', broken).off('close', broken);
  }
}

const empty = Buffer.alloc(0);

const tooLate = (withinMs: number): StatusError =>
  new StatusError('BadRequest', `the request did not arrive completely within ${withinMs / 1000} s`, undefined, { code: 408 });

const tooLarge = (size: number): StatusError =>
  new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${maximumBodyBytes} bytes, the body has at least ${size}`);

/**
 * @param struct what the body describes; protobuf is not accepted without
 * @throws {StatusError} UnsupportedMediaType, BadRequest
 */
export async function decodeObjectBody(bytes: Buffer, type: string, struct: Struct | undefined): Promise<Body> {
  switch (type) {
    case '':
    case '*/*':
    case 'application/json': return parseText(bytes);
    case 'application/yaml': return parseYaml(bytes);
    default: {
      if (type === protobufType && struct) return parseProtobuf(bytes, struct);
      const accepted = ['application/json', 'application/yaml', ...(struct ? [protobufType] : [])].join(', ');
      throw new StatusError('UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted}; it is ${type.slice(0, 100)}`);
    }
  }
}

const protobufType = 'application/vnd.kubernetes.protobuf';

/** @throws {StatusError} BadRequest with where the text goes wrong */
export function parseText(bytes: Buffer): Body {
  try {
    return parseJson(bytes.toString('utf8'));
  } catch (error) {
    throw StatusError.badRequest(`the body of the request is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Typed clients of the Go library send this, and take JSON for an answer. */
function parseProtobuf(bytes: Buffer, struct: Struct): Body {
  try {
    const { apiVersion, kind, raw } = openEnvelope(bytes);
    return { value: { ...fromProtobuf(struct, raw), apiVersion, kind }, duplicates: [] };
  } catch (error) {
    throw StatusError.badRequest(`the body of the request is not valid protobuf: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function parseYaml(bytes: Buffer): Promise<Body> {
  try {
    return await readYaml(bytes.toString('utf8'), false);
  } catch (error) {
    throw notYaml(error);
  }
}

/**
 * A configuration to apply: YAML, which JSON is too and mostly what clients send.
 * @throws {StatusError} BadRequest
 */
export async function parseConfiguration(bytes: Buffer): Promise<Body> {
  const text = bytes.toString('utf8');
  if (text.trimStart().startsWith('{')) {
    try {
      const parsed = parseJson(text);
      if (parsed.duplicates.length === 0) return parsed;
    } catch (error) {
      // What is not JSON may still be YAML, but no less deep.
      if (!StatusError.is(error, 'BadRequest') || error.message === tooDeep().message) throw error;
    }
  }
  try {
    return await readYaml(text, true);
  } catch (error) {
    throw undecodable(error);
  }
}

const undecodable = (error: unknown): StatusError =>
  StatusError.badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`, { cause: error });

const notYaml = (error: unknown): StatusError =>
  StatusError.badRequest(`the body of the request is not valid YAML: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
