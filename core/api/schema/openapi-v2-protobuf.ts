import { isObject, type JsonObject } from '#core/api/value.ts';
import { BackwardWriter } from './backward-writer.ts';

/**
 * OpenAPI v2 documents in protobuf, as `openapiv2/OpenAPIv2.proto` of google/gnostic defines them; clients of the Go library ask for no
 * other form. Only what occurs in our documents has fields here.
 */
type Write = (writer: BackwardWriter, field: number, value: unknown) => void;
type Fields = Readonly<Record<string, readonly [number: number, write: Write]>>;

const string: Write = (writer, field, value) => writer.string(field, String(value));
const bool: Write = (writer, field, value) => writer.bool(field, value === true);
const int: Write = (writer, field, value) => writer.int(field, Number(value));
const double: Write = (writer, field, value) => writer.double(field, Number(value));

/** Keys in `x-` are kept by their name. */
const message = (fields: () => Fields, extensions?: number): Write => (writer, field, value) => {
  const { length } = writer;
  const known = fields();
  for (const [key, part] of Object.entries(value as JsonObject).reverse()) {
    const entry = Object.hasOwn(known, key) ? known[key] : undefined;
    if (entry) entry[1](writer, entry[0], part);
    else if (extensions !== undefined && key.startsWith('x-')) namedEntry(any)(writer, extensions, [key, part]);
  }
  writer.message(field, length);
};

/** A message with only this field. */
const within = (inner: number, write: Write): Write => (writer, field, value) => {
  const { length } = writer;
  write(writer, inner, value);
  writer.message(field, length);
};

const each = (write: Write): Write => (writer, field, values) => {
  for (const value of (values as readonly unknown[]).toReversed()) write(writer, field, value);
};

const namedEntry = (write: Write): Write => (writer, field, entry) => {
  const [name, value] = entry as readonly [string, unknown];
  const { length } = writer;
  write(writer, 2, value);
  writer.string(1, name);
  writer.message(field, length);
};

const named = (write: Write): Write => (writer, field, value) => each(namedEntry(write))(writer, field, Object.entries(value as JsonObject));

/** Any value, as YAML, which JSON is. */
const any: Write = (writer, field, value) => within(2, string)(writer, field, JSON.stringify(value));

const schema: Write = message(() => schemaFields, 31);
const additional: Write = (writer, field, value) => (isObject(value) ? within(1, schema) : within(2, bool))(writer, field, value);

const schemaFields: Fields = {
  $ref: [1, string], format: [2, string], title: [3, string], description: [4, string], default: [5, any], multipleOf: [6, double],
  maximum: [7, double], exclusiveMaximum: [8, bool], minimum: [9, double], exclusiveMinimum: [10, bool], maxLength: [11, int], minLength: [12, int],
  pattern: [13, string], maxItems: [14, int], minItems: [15, int], uniqueItems: [16, bool], maxProperties: [17, int], minProperties: [18, int],
  required: [19, each(string)], enum: [20, each(any)], additionalProperties: [21, additional], type: [22, within(1, string)],
  items: [23, within(1, schema)], properties: [25, within(1, named(schema))],
};

const bodyParameter = message(() => ({ name: [2, string], in: [3, string], required: [4, bool], schema: [5, schema] }));
const queryParameter = message(() => ({ required: [1, bool], in: [2, string], description: [3, string], name: [4, string], type: [6, string], uniqueItems: [20, bool] }));
const pathParameter = message(() => ({ required: [1, bool], in: [2, string], description: [3, string], name: [4, string], type: [5, string], uniqueItems: [19, bool] }));
const parameter: Write = within(1, (writer, field, value) => {
  const { in: place } = value as JsonObject;
  if (place === 'body') within(1, bodyParameter)(writer, field, value);
  else within(2, place === 'path' ? within(4, pathParameter) : within(3, queryParameter))(writer, field, value);
});

const response: Write = within(1, message(() => ({ description: [1, string], schema: [2, within(1, schema)] })));
const operation: Write = message(() => ({
  tags: [1, each(string)], description: [3, string], operationId: [5, string], produces: [6, each(string)], consumes: [7, each(string)],
  parameters: [8, each(parameter)], responses: [9, within(1, named(response))],
}), 13);
const pathItem: Write = message(() => ({ get: [2, operation], put: [3, operation], post: [4, operation], delete: [5, operation], patch: [8, operation], parameters: [9, each(parameter)] }));

const head: Fields = {
  swagger: [1, string], info: [2, message(() => ({ title: [1, string], version: [2, string] }))],
  security: [12, each(within(1, named(within(1, each(string)))))],
  securityDefinitions: [13, within(1, named(within(2, message(() => ({ type: [1, string], name: [2, string], in: [3, string], description: [4, string] })))))],
};

const written = (write: (writer: BackwardWriter) => void): Buffer => {
  const writer = new BackwardWriter();
  write(writer);
  return writer.take();
};

/** One entry of `paths`. */
export const pathBytes = (path: string, item: object): Buffer => written((writer) => namedEntry(pathItem)(writer, 2, [path, item]));

/** One entry of `definitions`. */
export const definitionBytes = (name: string, definition: object): Buffer => written((writer) => namedEntry(schema)(writer, 1, [name, definition]));

/** The pieces of a whole document. */
export function documentBytes(start: object, paths: readonly Buffer[], definitions: readonly Buffer[]): Buffer[] {
  const size = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
  return [
    written((writer) => {
      for (const [key, value] of Object.entries(start).reverse()) {
        const entry = Object.hasOwn(head, key) ? head[key] : undefined;
        entry?.[1](writer, entry[0], value);
      }
    }),
    written((writer) => writer.opening(8, size(paths))), ...paths,
    written((writer) => writer.opening(9, size(definitions))), ...definitions,
  ];
}
