import { matching, unit } from './cost-rules.ts';
import type { Frame } from './frame.ts';
import type { Overload } from './function.ts';
import type { Eval } from './operators.ts';
import { patternOf } from './regex.ts';
import { Failure, noSuchOverload, Optional } from './values.ts';

/** Plans a call of a function. @param overloads those that the types allow; values decide among them @param constants arguments that are known */
export function planCall(name: string, overloads: readonly Overload[], args: readonly Eval[], constants: readonly unknown[]): Eval {
  const [first, second] = args;
  if (first === undefined) return callNone(overloads);
  if (second === undefined) return callOne(overloads, first);
  if (name === 'or' || name === 'orValue') return alternative(name === 'orValue', first, second);
  if (args.length > 2) return callMany(overloads, args);
  const [, pattern] = constants;
  return name === 'matches' && typeof pattern === 'string' ? callMatches(first, pattern) : callTwo(overloads, first, second);
}

function charged({ cost, invoke }: Overload, args: readonly unknown[], frame: Frame): unknown {
  if (cost === unit) chargeUnit(args[0], frame);
  else frame.charge(cost.actual(frame, args));
  const result = invoke(...args, frame);
  if (cost.ofResult !== undefined) frame.charge(cost.ofResult(frame, result));
  return result;
}

/** Functions that read a whole text may cost one unit all the same. */
function chargeUnit(value: unknown, frame: Frame): void {
  frame.charge(1);
  if (typeof value === 'string') frame.toil(value.length >> 2);
}

const callNone = ([overload]: readonly Overload[]): Eval => (frame) => (overload === undefined ? noSuchOverload : charged(overload, [], frame));

const callOne = (overloads: readonly Overload[], arg: Eval): Eval => (frame) => {
  const value = arg(frame);
  if (value instanceof Failure) {
    frame.charge(1);
    return value;
  }
  for (const overload of overloads) {
    if (overload.accepts[0]?.(value) !== true) continue;
    if (overload.cost !== unit) return charged(overload, [value], frame);
    chargeUnit(value, frame);
    return overload.invoke(value, frame);
  }
  frame.charge(1);
  return noSuchOverload;
};

const callTwo = (overloads: readonly Overload[], left: Eval, right: Eval): Eval => (frame) => {
  const a = left(frame);
  const b = right(frame);
  if (!(a instanceof Failure) && !(b instanceof Failure)) {
    const overload = overloads.find(({ accepts: [first, second] }) => first?.(a) === true && second?.(b) === true);
    if (overload !== undefined) return charged(overload, [a, b], frame);
  }
  frame.charge(1);
  return a instanceof Failure ? a : b instanceof Failure ? b : noSuchOverload;
};

const callMany = (overloads: readonly Overload[], args: readonly Eval[]): Eval => (frame) => {
  const values: unknown[] = [];
  for (const arg of args) {
    const value = arg(frame);
    if (value instanceof Failure) return value;
    values.push(value);
  }
  const overload = overloads.find(({ accepts }) => accepts.every((accept, index) => accept(values[index])));
  return overload === undefined ? noSuchOverload : charged(overload, values, frame);
};

/** The pattern is compiled now, once. */
function callMatches(text: Eval, source: string): Eval {
  const pattern = patternOf(source);
  const rule = matching(false);
  return (frame) => {
    const value = text(frame);
    frame.charge(rule.actual(frame, [value, source]));
    if (value instanceof Failure) return value;
    if (typeof value !== 'string') return noSuchOverload;
    return pattern instanceof Failure ? pattern : pattern.isIn(value, frame);
  };
}

/** `optional.or(other)` and `optional.orValue(other)`: free, and the other is evaluated only when it is needed. */
const alternative = (unwraps: boolean, left: Eval, right: Eval): Eval => (frame) => {
  const optional = left(frame);
  if (!(optional instanceof Optional)) return optional instanceof Failure ? optional : noSuchOverload;
  if (!optional.present) return right(frame);
  return unwraps ? optional.value : optional;
};
