import { bool, double, either, int64, json, list, map, merged, pointer, recursive, required, string, struct, type Of, type Struct } from './type.ts';

const pkg = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

export const ExternalDocumentation = struct(`${pkg}.ExternalDocumentation`, 'More to read elsewhere.', {
  description: [1, string, 'What is found there.'],
  url: [2, string, 'Where.'],
});
export type ExternalDocumentation = Of<typeof ExternalDocumentation>;

export const ValidationRule = struct(`${pkg}.ValidationRule`, 'A rule in CEL that values must obey (KEP-2876).', {
  rule: [1, required(string), 'An expression over self, and oldSelf for changes, that must be true.'],
  message: [2, string, 'What to say when it is not.'],
  messageExpression: [3, string, 'An expression that gives the message.'],
  reason: [4, pointer(string), 'FieldValueInvalid, FieldValueForbidden, FieldValueRequired or FieldValueDuplicate.'],
  fieldPath: [5, string, 'The field to blame, as a path from here.'],
  optionalOldSelf: [6, pointer(bool), 'The rule also runs when there is no old value; oldSelf is then an empty optional.'],
});
export type ValidationRule = Of<typeof ValidationRule>;

/** A JSON schema as CustomResourceDefinitions use it. What a structural schema may not have is only read to be refused. */
export interface JSONSchemaProps {
  readonly id?: string;
  readonly $schema?: string;
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly default?: unknown;
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly multipleOf?: number;
  readonly enum?: readonly unknown[];
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly items?: JSONSchemaProps | readonly JSONSchemaProps[];
  readonly allOf?: readonly JSONSchemaProps[];
  readonly oneOf?: readonly JSONSchemaProps[];
  readonly anyOf?: readonly JSONSchemaProps[];
  readonly not?: JSONSchemaProps;
  readonly properties?: Readonly<Record<string, JSONSchemaProps>>;
  readonly additionalProperties?: JSONSchemaProps | boolean;
  readonly patternProperties?: Readonly<Record<string, JSONSchemaProps>>;
  readonly dependencies?: Readonly<Record<string, JSONSchemaProps | readonly string[]>>;
  readonly additionalItems?: JSONSchemaProps | boolean;
  readonly definitions?: Readonly<Record<string, JSONSchemaProps>>;
  readonly externalDocs?: ExternalDocumentation;
  readonly example?: unknown;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

const orBool = (schema: Struct<JSONSchemaProps>) => either<JSONSchemaProps | boolean>(struct(`${pkg}.JSONSchemaPropsOrBool`, 'A JSON schema, or a truth value.', { allows: [1, bool], schema: [2, schema] }));
const orArray = (schema: Struct<JSONSchemaProps>) => either<JSONSchemaProps | JSONSchemaProps[]>(struct(`${pkg}.JSONSchemaPropsOrArray`, 'A JSON schema, or a list of them.', { schema: [1, schema], jSONSchemas: [2, list(schema)] }));
const orStrings = (schema: Struct<JSONSchemaProps>) => either<JSONSchemaProps | string[]>(struct(`${pkg}.JSONSchemaPropsOrStringArray`, 'A JSON schema, or names of properties.', { schema: [1, schema], property: [2, list(string)] }));

export const JSONSchemaProps: Struct<JSONSchemaProps> = recursive<JSONSchemaProps>(`${pkg}.JSONSchemaProps`, 'A JSON schema (draft 4) with Kubernetes\' extensions.', (schema) => ({
  id: [1, string],
  $schema: [2, string],
  $ref: [3, pointer(string)],
  description: [4, string],
  type: [5, string],
  format: [6, string, 'Such as date-time or ipv4; formats that are not known say nothing.'],
  title: [7, string],
  default: [8, json, 'Filled in where the value is missing.'],
  maximum: [9, pointer(double)],
  exclusiveMaximum: [10, bool],
  minimum: [11, pointer(double)],
  exclusiveMinimum: [12, bool],
  maxLength: [13, pointer(int64), 'In characters.'],
  minLength: [14, pointer(int64)],
  pattern: [15, string, 'A regular expression in RE2\'s syntax.'],
  maxItems: [16, pointer(int64)],
  minItems: [17, pointer(int64)],
  uniqueItems: [18, bool],
  multipleOf: [19, pointer(double)],
  enum: [20, list(json)],
  maxProperties: [21, pointer(int64)],
  minProperties: [22, pointer(int64)],
  required: [23, list(string)],
  items: [24, orArray(schema)],
  allOf: [25, list(schema)],
  oneOf: [26, list(schema)],
  anyOf: [27, list(schema)],
  not: [28, schema],
  properties: [29, map(schema)],
  additionalProperties: [30, orBool(schema)],
  patternProperties: [31, map(schema)],
  dependencies: [32, map(orStrings(schema))],
  additionalItems: [33, orBool(schema)],
  definitions: [34, map(schema)],
  externalDocs: [35, ExternalDocumentation],
  example: [36, json],
  nullable: [37, bool, 'The value may be null.'],
  'x-kubernetes-preserve-unknown-fields': [38, pointer(bool), 'Fields that the schema does not know are kept.'],
  'x-kubernetes-embedded-resource': [39, bool, 'The value is an object with apiVersion, kind and metadata.'],
  'x-kubernetes-int-or-string': [40, bool, 'The value is an integer or a string.'],
  'x-kubernetes-list-map-keys': [41, list(string), 'Fields that identify an item.'],
  'x-kubernetes-list-type': [42, pointer(string), 'atomic, set or map.'],
  'x-kubernetes-map-type': [43, pointer(string), 'granular or atomic.'],
  'x-kubernetes-validations': [44, merged(ValidationRule, ['rule']), 'Rules in CEL.'],
}));
