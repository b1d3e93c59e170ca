import type { Bind, Expr, Ident, Loop, LoopMacro, OptionalMap } from './ast.ts';
import { SyntaxFailure } from './issue.ts';

interface LoopShape {
  readonly macro: LoopMacro;
  readonly variables: 1 | 2;
  readonly filter?: 'also' | 'only';
}

/** By name and number of arguments. */
const loops: ReadonlyMap<string, LoopShape> = new Map<string, LoopShape>([
  ['all/2', { macro: 'all', variables: 1 }],
  ['exists/2', { macro: 'exists', variables: 1 }],
  ['exists_one/2', { macro: 'existsOne', variables: 1 }],
  ['existsOne/2', { macro: 'existsOne', variables: 1 }],
  ['map/2', { macro: 'list', variables: 1 }],
  ['map/3', { macro: 'list', variables: 1, filter: 'also' }],
  ['filter/2', { macro: 'list', variables: 1, filter: 'only' }],
  ['all/3', { macro: 'all', variables: 2 }],
  ['exists/3', { macro: 'exists', variables: 2 }],
  ['exists_one/3', { macro: 'existsOne', variables: 2 }],
  ['existsOne/3', { macro: 'existsOne', variables: 2 }],
  ['transformList/3', { macro: 'list', variables: 2 }],
  ['transformList/4', { macro: 'list', variables: 2, filter: 'also' }],
  ['transformMap/3', { macro: 'map', variables: 2 }],
  ['transformMap/4', { macro: 'map', variables: 2, filter: 'also' }],
  ['transformMapEntry/3', { macro: 'entries', variables: 2 }],
  ['transformMapEntry/4', { macro: 'entries', variables: 2, filter: 'also' }],
]);

/** What a macro call means; undefined when the call is none. @throws {SyntaxFailure} for arguments that a macro cannot take. */
export function expandMacro(name: string, target: Expr | undefined, args: readonly Expr[], offset: number): Expr | undefined {
  if (target === undefined) return name === 'has' && args.length === 1 ? presence(args[0], offset) : undefined;
  const shape = loops.get(`${name}/${args.length}`);
  if (shape !== undefined) return loop(shape, target, args, offset);
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) return optionalMap(target, args, name === 'optFlatMap', offset);
  return name === 'bind' && args.length === 3 && target.kind === 'ident' && target.name === 'cel' ? bind(args, offset) : undefined;
}

function presence(arg: Expr | undefined, offset: number): Expr {
  if (arg?.kind !== 'select' || arg.test) throw new SyntaxFailure('invalid argument to has() macro', offset);
  return { ...arg, test: true };
}

function simpleName(expr: Expr | undefined, offset: number): string {
  if (expr?.kind !== 'ident') throw new SyntaxFailure('argument must be a simple name', expr?.offset ?? offset);
  return expr.name;
}

function loop({ macro, variables, filter }: LoopShape, range: Expr, args: readonly Expr[], offset: number): Loop | undefined {
  const first = simpleName(args[0], offset);
  const names: Loop['variables'] = variables === 1 ? [first] : [first, simpleName(args[1], offset)];
  if (names[0] === names[1]) throw new SyntaxFailure(`duplicate variable name: ${first}`, offset);
  const [head, tail] = args.slice(variables);
  if (head === undefined) return undefined;
  const item: Ident = { kind: 'ident', name: first, offset: args[0]?.offset ?? offset };
  const body = filter === 'only' ? item : tail ?? head;
  return { kind: 'loop', macro, range, variables: names, filter: filter === undefined ? undefined : head, body, offset };
}

function optionalMap(target: Expr, args: readonly Expr[], flat: boolean, offset: number): OptionalMap | undefined {
  const [variable, body] = args;
  return body === undefined ? undefined : { kind: 'optionalMap', target, name: simpleName(variable, offset), body, flat, offset };
}

function bind(args: readonly Expr[], offset: number): Bind | undefined {
  const [variable, value, body] = args;
  return value === undefined || body === undefined ? undefined : { kind: 'bind', name: simpleName(variable, offset), value, body, offset };
}
