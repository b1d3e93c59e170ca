/**
 * Messages of the API by name. Each line of a message has a type and the fields that have it: `string`, `boolean`, `int`, `long`, `number` (with `s`: a
 * list), `map` (of strings), `output` (the server's own); or `object`, `objects` or `enum`, the field, and the message or the values.
 */
export type ShapeTable = Record<string, string>;

export type ValueField =
  | { readonly type: 'string' | 'boolean' | 'int' | 'long' | 'number'; readonly list: boolean }
  | { readonly type: 'object'; readonly message: string; readonly list: boolean }
  | { readonly type: 'enum'; readonly values: ReadonlySet<string>; readonly list: boolean };

export type Field = ValueField | { readonly type: 'output' } | { readonly type: 'map' };

export type Shape = ReadonlyMap<string, Field>;

const scalars = new Set(['string', 'boolean', 'int', 'long', 'number']);

export function parseShapes(...tables: readonly ShapeTable[]): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const table of tables) for (const [name, text] of Object.entries(table)) shapes.set(name, parseShape(name, text));
  return shapes;
}

function parseShape(name: string, text: string): Shape {
  const fields = new Map<string, Field>();
  for (const line of text.split('\n').map((each) => each.trim()).filter((each) => each !== '')) {
    const [head = '', tail = ''] = line.split(': ');
    const [type = '', field] = head.split(' ');
    const words = tail.split(' ');
    const parsed = fieldOf(type, words);
    if (parsed === undefined) throw new Error(`${name} has a line that is of no form: ${line}`);
    for (const each of field === undefined ? words : [field]) fields.set(each, parsed);
  }
  return fields;
}

function fieldOf(type: string, words: readonly string[]): Field | undefined {
  if (type === 'output' || type === 'map') return { type };
  const list = type.endsWith('s');
  const single = list ? type.slice(0, -1) : type;
  if (single === 'enum') return { type: 'enum', values: new Set(words), list };
  if (single === 'object') return { type: 'object', message: words[0] ?? '', list };
  return scalars.has(single) ? { type: single as 'string', list } : undefined;
}
