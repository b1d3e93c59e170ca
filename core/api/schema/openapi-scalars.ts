import type { Schema } from './openapi-type.ts';
import type { Scalar, ScalarName } from './type.ts';

interface Component {
  readonly name: string;
  readonly schema: Schema;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Scalars that upstream describes as components of their own. */
const components: Partial<Record<ScalarName, Component>> = {
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    schema: { description: 'An exact amount, such as 500m, 1.5Gi or 1e3.', oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
  intOrString: {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    schema: { description: 'A whole number, or a text such as a name or a percentage.', format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  time: { name: `${meta}.Time`, schema: { description: 'A moment, in RFC 3339.', type: 'string', format: 'date-time' } },
  microTime: { name: `${meta}.MicroTime`, schema: { description: 'A moment with microseconds, in RFC 3339.', type: 'string', format: 'date-time' } },
  duration: { name: `${meta}.Duration`, schema: { description: 'A length of time, such as 1h30m.', type: 'string' } },
  json: { name: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON', schema: { description: 'Any value.' } },
  raw: { name: 'io.k8s.apimachinery.pkg.runtime.RawExtension', schema: { description: 'Any object.', type: 'object' } },
};

const plain: Partial<Record<ScalarName, Schema>> = {
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

export function scalarComponent({ name, either, component }: Scalar): Component | undefined {
  const usual = components[name];
  if (component) return { name: component[0], schema: { ...usual?.schema, description: component[1] } };
  return either ? { name: either.name, schema: { description: either.doc } } : usual;
}

/** A fresh schema: inline, or a reference to the scalar's component. */
export function scalarSchema(type: Scalar): Schema {
  const component = scalarComponent(type);
  if (component) return { $ref: `#/components/schemas/${component.name}` };
  const { listed = type.values } = type;
  return { ...(plain[type.name] ?? { type: 'string' }), ...(listed.length === 0 ? {} : { enum: [...listed].sort() }) };
}
