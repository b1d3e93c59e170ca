import { definitionBytes, documentBytes, pathBytes } from '#core/api/schema/openapi-v2-protobuf.ts';
import { StatusError } from '#core/api/status-error.ts';
import { mediaRanges } from './negotiate.ts';

/** How a document is written, entry by entry. */
export interface Encoding {
  readonly contentType: string;
  readonly path: (name: string, item: object) => Buffer;
  readonly definition: (name: string, schema: object) => Buffer;
  readonly document: (head: object, paths: readonly Buffer[], definitions: readonly Buffer[]) => readonly Buffer[];
}

const jsonEntry = (name: string, value: object): Buffer => Buffer.from(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
const joined = (entries: readonly Buffer[]): Buffer[] => entries.flatMap((entry, i) => (i === 0 ? [entry] : [Buffer.from(','), entry]));

const json: Encoding = {
  contentType: 'application/json', path: jsonEntry, definition: jsonEntry,
  document: (head, paths, definitions) => [
    Buffer.from(`${JSON.stringify(head).slice(0, -1)},"paths":{`), ...joined(paths), Buffer.from('},"definitions":{'), ...joined(definitions), Buffer.from('}}'),
  ],
};

const protobuf: Encoding = {
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf', path: pathBytes, definition: definitionBytes, document: documentBytes,
};

/** The second of the protobuf's names is the one that clients ask for, but no legal media type, and they refuse it in an answer. */
const encodings: ReadonlyMap<string, Encoding> = new Map([
  ['application/json', json], ['application/*', json], ['*/*', json],
  [protobuf.contentType, protobuf], ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', protobuf],
]);

/** @throws {StatusError} NotAcceptable */
export function encodingFor(accept: string | undefined): Encoding {
  const ranges = mediaRanges(accept === undefined || accept.trim() === '' ? '*/*' : accept);
  const wanted = ranges.find(({ type, quality }) => quality > 0 && encodings.has(type));
  const encoding = wanted && encodings.get(wanted.type);
  if (!encoding) throw new StatusError('NotAcceptable', `only the following media types are accepted: ${json.contentType}, ${protobuf.contentType}`);
  return encoding;
}
