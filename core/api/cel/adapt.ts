import { ObjectValue, TypedList, TypedMap, type Adapt } from './containers.ts';
import { Duration, durationOfJson, Timestamp, timestampOfJson } from './time.ts';
import type { CelType, ObjectType } from './types.ts';
import { Double, Failure, fromJson, isInt, isJsonObject, Optional, Uint } from './values.ts';

const known = new WeakMap<CelType, Adapt | 'plain'>();

/** How JSON becomes a value of the type; undefined when `fromJson` does all the way down. */
export function adapterOf(type: CelType): Adapt | undefined {
  let adapt = known.get(type);
  if (adapt === undefined) {
    // Types may contain themselves; what they are is looked up again when they are met.
    known.set(type, (raw) => (adapterOf(type) ?? fromJson)(raw));
    adapt = makeAdapter(type) ?? 'plain';
    known.set(type, adapt);
  }
  return adapt === 'plain' ? undefined : adapt;
}

export const adapt = (type: CelType, raw: unknown): unknown => (adapterOf(type) ?? fromJson)(raw);

function makeAdapter(type: CelType): Adapt | undefined {
  switch (type.kind) {
    case 'double': return (raw) => (isInt(raw) ? new Double(Number(raw)) : fromJson(raw));
    case 'uint': return (raw) => (isInt(raw) && raw >= 0 ? new Uint(BigInt(raw)) : fromJson(raw));
    case 'bytes': return bytesOfJson;
    case 'timestamp': return (raw) => (typeof raw === 'string' ? timestampOfJson(raw) : raw instanceof Timestamp ? raw : fromJson(raw));
    case 'duration': return (raw) => (typeof raw === 'string' ? durationOfJson(raw) : raw instanceof Duration ? raw : fromJson(raw));
    case 'optional': return (raw) => (raw instanceof Optional ? raw : raw === undefined ? Optional.none : new Optional(adapt(type.of, raw)));
    case 'list': {
      const item = adapterOf(type.of);
      if (item === undefined && type.merge === 'atomic') return undefined;
      return (raw) => (Array.isArray(raw) ? new TypedList(raw, item ?? fromJson, type.merge) : fromJson(raw));
    }
    case 'map': {
      const item = adapterOf(type.of);
      return item && ((raw) => (isJsonObject(raw) ? new TypedMap(raw, item) : fromJson(raw)));
    }
    case 'object': return objectAdapter(type);
    default: return undefined;
  }
}

function objectAdapter(type: ObjectType): Adapt | undefined {
  const plain = [...type.fields.values()].every((field) => adapterOf(field.type) === undefined);
  return plain ? undefined : (raw) => (isJsonObject(raw) ? new ObjectValue(raw, type, fieldAdapter) : fromJson(raw));
}

const fieldAdapter = (type: ObjectType, field: string): Adapt => {
  const declared = type.fields.get(field);
  return (declared && adapterOf(declared.type)) ?? fromJson;
};

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function bytesOfJson(raw: unknown): unknown {
  if (typeof raw !== 'string') return fromJson(raw);
  const text = raw.replaceAll(/[\r\n]/g, '');
  return base64.test(text) ? Uint8Array.from(Buffer.from(text, 'base64')) : new Failure(`Invalid byte formatted string ${raw}`);
}
