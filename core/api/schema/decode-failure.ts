import { StatusError } from '#core/api/status-error.ts';
import { pathText } from '#core/api/value.ts';
import type { KindNames } from './kind.ts';
import type { ScalarName, Struct, Type } from './type.ts';

/** Of what kind the decoded text is, for messages. */
export type Subject = Pick<KindNames, 'group' | 'version' | 'kind'>;

/** A map's key in a path: it stands in the paths of unknown fields, but not in Go's names of fields. */
export interface MapKey {
  readonly key: string;
}

export type Path = readonly (string | number | MapKey)[];

export const textOf = (path: Path): string => pathText(path.map((step) => (typeof step === 'object' ? step.key : step)));

const goScalars: Record<ScalarName, string> = {
  string: 'string', bool: 'bool', int32: 'int32', int64: 'int64', double: 'float64', bytes: '[]uint8',
  quantity: 'resource.Quantity', time: 'v1.Time', microTime: 'v1.MicroTime', duration: 'v1.Duration',
  intOrString: 'intstr.IntOrString', raw: 'runtime.RawExtension', json: 'apiextensions.JSON',
};

/** What the type is about called in upstream's Go. */
export function goType(type: Type): string {
  switch (type.form) {
    case 'scalar': return goScalars[type.name];
    case 'list': return `[]${goType(type.of)}`;
    case 'map': return `map[string]${goType(type.of)}`;
    case 'struct': return type.name.split('.').slice(-2).join('.');
  }
}

const jsonType = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;

class Undecodable extends Error {}

export function undecodable(subject: Subject, problem: string): StatusError {
  return StatusError.badRequest(`${subject.kind} in version "${subject.version}" cannot be handled as a ${subject.kind}: ${problem}`, { cause: new Undecodable(problem) });
}

/** What `undecodable` was told; undefined for other errors. */
export const decodeProblem = (error: unknown): string | undefined => (StatusError.is(error) && error.cause instanceof Undecodable ? error.cause.message : undefined);

/** The error of Go's `encoding/json` for a value of the wrong type. `parent` is the innermost struct. */
export function mismatch(subject: Subject, parent: Struct | undefined, path: Path, type: Type, value: unknown, detail = ''): StatusError {
  const found = typeof value === 'number' && detail !== '' ? `number ${value}` : jsonType(value);
  const fields = path.filter((step) => typeof step === 'string');
  const place = parent && fields.length > 0 ? `Go struct field ${parent.name.split('.').at(-1)}.${fields.join('.')}` : 'Go value';
  return undecodable(subject, `json: cannot unmarshal ${found} into ${place} of type ${goType(type)}${detail === '' ? '' : `: ${detail}`}`);
}
