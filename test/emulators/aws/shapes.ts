/** One parameter: `s` text, `i` and `l` whole numbers, `d` number, `b` true or false, `t` time, `x` base64, `m` map, or a structure. */
export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly list: boolean;
  readonly type: string;
  readonly values?: ReadonlySet<string>;
  readonly min?: number;
  readonly max?: number;
}

export type Fields = ReadonlyMap<string, Field>;

/** The parameters of the actions of one service, and the structures within them. */
export class Shapes {
  readonly #texts: Readonly<Record<string, string>>;
  readonly #structures: Readonly<Record<string, string>>;
  readonly #parsed = new Map<string, Fields>();

  constructor(actions: Readonly<Record<string, string>>, structures: Readonly<Record<string, string>>) {
    this.#texts = actions;
    this.#structures = structures;
  }

  action(name: string): Fields {
    return this.#fields(`action ${name}`, this.#texts[name]);
  }

  structure(name: string): Fields {
    return this.#fields(name, this.#structures[name]);
  }

  isStructure(type: string): boolean {
    return Object.hasOwn(this.#structures, type);
  }

  #fields(key: string, text: string | undefined): Fields {
    const known = this.#parsed.get(key);
    if (known !== undefined) return known;
    if (text === undefined) throw new Error(`the table of parameters lacks ${key}`);
    const fields = new Map(text.split(' ').filter((part) => part !== '').map(parseField).map((field) => [field.name, field]));
    this.#parsed.set(key, fields);
    return fields;
  }
}

const grammar = /^(\*?)(\w+)(\[\])?:(\w+)(?:\(([^)]*)\))?(?:<([\d-]*)\.\.(\d*)>)?$/;

function parseField(text: string): Field {
  const [, required, name, list, type, values, min, max] = grammar.exec(text) ?? [];
  if (name === undefined || type === undefined) throw new Error(`"${text}" is no parameter`);
  return {
    name,
    type,
    required: required === '*',
    list: list !== undefined,
    ...(values === undefined ? {} : { values: new Set(values.split('|')) }),
    ...(min === undefined || min === '' ? {} : { min: Number(min) }),
    ...(max === undefined || max === '' ? {} : { max: Number(max) }),
  };
}
