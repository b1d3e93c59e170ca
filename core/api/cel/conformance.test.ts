import { expect } from 'chai';
import { issuesText } from './issue.ts';
import { toJson } from './json.ts';
import { CelError, CelProgram, compile, environment } from './program.ts';
import * as t from './types.ts';
import { typeNameOf } from './values.ts';

/** The language as cel-spec's conformance suite has it, literals of mixed types included. */
const language = environment({
  mixedLiterals: true, folding: false,
  variables: {
    x: t.int, y: t.dyn, s: t.string, items: t.listOf(t.int), dict: t.mapOf(t.string), any: t.dyn, flag: t.bool, missing: t.int, b: t.bytes,
  },
});
const activation = { x: 42, y: { a: 1, b: [1, 2.5, 'x'], c: null }, s: 'hëllo 👑', items: [1, 2, 3], dict: { k: 'v' }, any: 'text', flag: true, b: 'aGk=' };

function outcome(source: string): unknown {
  const program = compile(language, source);
  if (!(program instanceof CelProgram)) return `compile: ${program.errors[0]?.message ?? ''}`;
  try {
    const { value } = program.evaluate(activation);
    const text = JSON.stringify(toJson(value));
    return `${typeNameOf(value)} ${text}`;
  } catch (error) {
    if (error instanceof CelError) return `error: ${error.message}`;
    throw error;
  }
}

/** One case a line: the expression, `=>`, the type and JSON of its value, or what goes wrong. Lines that begin with `#` are headings. */
function check(table: string): void {
  for (const line of table.split('\n').map((text) => text.trim()).filter((text) => text !== '' && !text.startsWith('#'))) {
    const [source = '', expected = ''] = line.split(/\s+=> /);
    expect(outcome(source), source).to.equal(expected);
  }
}

describe('CEL: the language', () => {
  it('reads literals', () => {
    check(String.raw`
      0 => int 0
      42 => int 42
      -42 => int -42
      0x7F => int 127
      -0x10 => int -16
      9223372036854775807 => int "9223372036854775807"
      -9223372036854775808 => int "-9223372036854775808"
      9007199254740993 => int "9007199254740993"
      9223372036854775808 => compile: Syntax error: invalid int literal
      42u => uint 42
      0x1Fu => uint 31
      18446744073709551615u => uint "18446744073709551615"
      18446744073709551616u => compile: Syntax error: invalid uint literal
      1.5 => double 1.5
      .5 => double 0.5
      1e3 => double 1000
      1.5E-2 => double 0.015
      -2.5 => double -2.5
      1e400 => compile: Syntax error: invalid double literal
      true => bool true
      false => bool false
      null => null_type null
      'a' => string "a"
      "a" => string "a"
      '' => string ""
      'it"s' => string "it\"s"
      "it's" => string "it's"
      '\'' => string "'"
      '\a\b\f\n\r\t\v\\\?\"\'' => string "\u0007\b\f\n\r\t\u000b\\?\"'"
      '\x41\X42\u0043\U00000044\105' => string "ABCDE"
      '\u00ff\xff' => string "ÿÿ"
      '\U0001F451' => string "👑"
      '\ud800' => compile: Syntax error: unable to unescape string
      '\U00110000' => compile: Syntax error: unable to unescape string
      '\z' => compile: Syntax error: unable to unescape string
      '\400' => compile: Syntax error: unable to unescape string
      r'\n\z' => string "\\n\\z"
      R"\\" => string "\\\\"
      '''a'b''c''' => string "a'b''c"
      """a"b""" => string "a\"b"
      b'abc' => bytes "YWJj"
      B"\xff\377" => bytes "//8="
      b'ÿ' => bytes "w78="
      br'\x' => bytes "XHg="
      b'\u00ff' => compile: Syntax error: unable to unescape string
      [] => list []
      [1, 2, 3] => list [1,2,3]
      [1, 'a', null,] => list [1,"a",null]
      {} => map {}
      {'a': 1, 'b': 2} => map {"a":1,"b":2}
      {1: 'a', true: 'b', 2u: 'c',} => map {"1":"a","2":"c","true":"b"}
      {'a': 1, 'a': 2} => error: Failed with repeated key
      {1: 1, 1u: 2} => error: Failed with repeated key
      {1.5: 1} => error: unsupported key type
      {null: 1} => error: unsupported key type
      1 // a comment => int 1
      /* => compile: Syntax error: mismatched input '/' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
    `);
  });

  it('calculates with ints', () => {
    check(`
      1 + 2 => int 3
      40 - 2 => int 38
      6 * 7 => int 42
      7 / 2 => int 3
      -7 / 2 => int -3
      7 % 3 => int 1
      -7 % 3 => int -1
      7 % -3 => int 1
      1 + 2 * 3 => int 7
      (1 + 2) * 3 => int 9
      10 - 2 - 3 => int 5
      100 / 10 / 5 => int 2
      2 * 3 % 4 => int 2
      -x => int -42
      --x => int 42
      -(-5) => int 5
      0 * -1 => int 0
      -0 => int 0
      9007199254740991 + 1 => int "9007199254740992"
      9007199254740992 - 1 => int 9007199254740991
      9223372036854775807 + 1 => error: integer overflow
      -9223372036854775808 - 1 => error: integer overflow
      9223372036854775807 * 2 => error: integer overflow
      3037000500 * 3037000500 => error: integer overflow
      3037000499 * 3037000499 => int "9223372030926249001"
      -(-9223372036854775808) => error: integer overflow
      -9223372036854775808 / -1 => error: integer overflow
      -9223372036854775808 % -1 => int 0
      5 / 0 => error: division by zero
      5 % 0 => error: modulus by zero
      9223372036854775807 / 3 => int "3074457345618258602"
      9223372036854775807 % 10 => int 7
      9223372036854775807 - 9223372036854775806 => int 1
    `);
  });

  it('calculates with uints and doubles', () => {
    check(`
      1u + 2u => uint 3
      5u - 3u => uint 2
      3u - 5u => error: unsigned integer overflow
      18446744073709551615u + 1u => error: unsigned integer overflow
      4294967296u * 4294967296u => error: unsigned integer overflow
      7u / 2u => uint 3
      7u % 4u => uint 3
      7u / 0u => error: division by zero
      7u % 0u => error: modulus by zero
      1.5 + 2.25 => double 3.75
      1.0 - 0.25 => double 0.75
      1.5 * 2.0 => double 3
      1.0 / 4.0 => double 0.25
      1.0 / 0.0 => double "Infinity"
      -1.0 / 0.0 => double "-Infinity"
      0.0 / 0.0 => double "NaN"
      -(1.5) => double -1.5
      1.0 % 2.0 => compile: found no matching overload for '_%_' applied to '(double, double)'
      1 + 1.0 => compile: found no matching overload for '_+_' applied to '(int, double)'
      dyn(1) + dyn(1.0) => error: no such overload
      dyn(1) / dyn(0u) => error: no such overload
    `);
  });

  it('compares', () => {
    check(`
      1 < 2 => bool true
      2 < 1 => bool false
      1 <= 1 => bool true
      2 > 1 => bool true
      1 >= 2 => bool false
      1 == 1 => bool true
      1 != 1 => bool false
      1 == 1.0 => compile: found no matching overload for '_==_' applied to '(int, double)'
      dyn(1) == 1.0 => bool true
      dyn(1) == 1u => bool true
      dyn(1.5) == 1 => bool false
      dyn(1) != 1.0 => bool false
      dyn('1') == 1 => bool false
      1 < 1.5 => bool true
      1u < 2 => bool true
      -1 < 1u => bool true
      1.5 > 1u => bool true
      9007199254740993 > 9007199254740992.0 => bool true
      dyn(9007199254740993) == 9007199254740992.0 => bool false
      18446744073709551615u > 9223372036854775807 => bool true
      0.0 == -0.0 => bool true
      double('NaN') == double('NaN') => bool false
      double('NaN') != double('NaN') => bool true
      double('NaN') < 1.0 => bool false
      double('NaN') >= 1.0 => bool false
      'a' < 'b' => bool true
      'a' < 'aa' => bool true
      'aa' < 'b' => bool true
      'Z' < 'a' => bool true
      '\\uffff' < '\\U0001F451' => bool true
      '👑' == '👑' => bool true
      'é' == 'e\\u0301' => bool false
      b'a' < b'b' => bool true
      b'a' < b'aa' => bool true
      b'ab' == b'ab' => bool true
      false < true => bool true
      true <= false => bool false
      [1, 2] == [1, 2] => bool true
      [1, 2] == [2, 1] => bool false
      [1] == [1, 1] => bool false
      [dyn(1), 2.0] == [1.0, 2] => bool true
      [[1], []] == [[1], []] => bool true
      {'a': 1} == {'a': 1} => bool true
      {'a': 1, 'b': 2} == {'b': 2, 'a': 1} => bool true
      {'a': 1} == {'a': 2} => bool false
      {'a': 1} == {'b': 1} => bool false
      {dyn(1): 'a'} == {1u: 'a'} => bool true
      null == null => bool true
      dyn(null) == 0 => bool false
      dyn([]) == {} => bool false
      any == 'text' => bool true
      any == 5 => bool false
      y == {'a': 1, 'b': [1, 2.5, 'x'], 'c': null} => bool true
      type(1) == int => bool true
      type(1) == uint => bool false
      type(type(1)) == type => bool true
      type(null) == null_type => bool true
      type([]) == list => bool true
      type({}) == map => bool true
      type(duration('1s')) == google.protobuf.Duration => bool true
      type(timestamp(0)) == google.protobuf.Timestamp => bool true
      dyn('a') < 1 => error: no such overload
      dyn([]) < dyn([]) => error: no such overload
    `);
  });

  it('joins conditions, and lets errors pass that do not matter', () => {
    check(`
      true && true => bool true
      true && false => bool false
      false || true => bool true
      false || false => bool false
      !true => bool false
      !!true => bool true
      true || 1 / 0 == 1 => bool true
      1 / 0 == 1 || true => bool true
      false && 1 / 0 == 1 => bool false
      1 / 0 == 1 && false => bool false
      true && 1 / 0 == 1 => error: division by zero
      1 / 0 == 1 || false => error: division by zero
      1 / 0 == 1 || 1 % 0 == 1 => error: division by zero
      dyn(1) && true => error: no such overload
      dyn('x') || true => bool true
      true && dyn('x') => error: no such overload
      !dyn(1) => error: no such overload
      true ? 1 : 2 => int 1
      false ? 1 : 2 => int 2
      true ? 1 : 1 / 0 => int 1
      1 / 0 == 1 ? 1 : 2 => error: division by zero
      dyn(1) ? 1 : 2 => error: no such overload
      false ? 1 : true ? 2 : 3 => int 2
      true || true && false => bool true
      1 + 1 == 2 && 2 * 2 == 4 => bool true
      1 < 2 == true => bool true
      missing == 1 || true => bool true
      missing == 1 => error: no such attribute(s): missing
      true && true && true && true && false => bool false
    `);
  });

  it('selects and indexes', () => {
    check(`
      dyn([1]) + 1 => error: no such overload
      dyn(1u) + 1 => error: no such overload
      1 + dyn(1u) => error: no such overload
      dyn(1.0) * 2 => error: no such overload
      'a'.startsWith(dyn(1)) => error: no such overload
      dyn(1).startsWith('a') => error: no such overload
      9223372036854775806 + 1 => int "9223372036854775807"
      -9223372036854775807 - 1 => int "-9223372036854775808"
      {'a': 1} == {'a': 1, 'b': 2} => bool false
      {'a': 1, 'b': 2} == {'a': 1} => bool false
      {'a': 1} == {'b': 1} => bool false
      {'a': 1, 'b': 2} == {'b': 2, 'a': 1} => bool true
      [1, 2] == [1] => bool false
      'b' < 'a' => bool false
      'b' > 'a' => bool true
      'ab' < 'a' => bool false
      'a' < 'ab' => bool true
      'ab' > 'aa' => bool true
      'a' < 'a' => bool false
      'a' <= 'a' => bool true
      string(-1.0 / 0.0) => string "-Inf"
      string(1.0 / 0.0) => string "+Inf"
      optional.of(1).optMap(v, v + 'a') => compile: found no matching overload for '_+_' applied to '(int, string)'
      cel.bind(x, 1) => compile: undeclared reference to 'cel' (in container '')
      1 + dyn([1]) => error: no such overload
      b'a' + dyn('a') => error: no such overload
      dyn(b'a') + b'b' => bytes "YWI="
      {'a': 1}.a => int 1
      {'a': 1}['a'] => int 1
      {'a': {'b': 'c'}}.a.b => string "c"
      {'a': 1}.b => error: no such key: b
      {'a': 1}['b'] => error: no such key: b
      {1: 'x'}[1] => string "x"
      {1: 'x'}[dyn(1u)] => string "x"
      {1: 'x'}[dyn(1.0)] => string "x"
      {1u: 'x'}[dyn(1)] => string "x"
      {1: 'x'}[dyn(1.5)] => error: no such key: 1.5
      {true: 'x'}[true] => string "x"
      {'__proto__': 1}['__proto__'] => int 1
      y['constructor'] => error: no such key: constructor
      y.toString => error: no such key: toString
      [10, 20][1] => int 20
      [10, 20][dyn(1u)] => int 20
      [10, 20][dyn(1.0)] => int 20
      [10, 20][2] => error: index out of bounds: 2
      [10, 20][-1] => error: index out of bounds: -1
      [10, 20][dyn('a')] => error: unsupported index type
      [10, 20][dyn(0.5)] => error: unsupported index type
      items[0] => int 1
      dict.k => string "v"
      y.a => int 1
      y.b[1] => double 2.5
      y.b[2] => string "x"
      y.c => null_type null
      y.d => error: no such key: d
      x.foo => compile: type 'int' does not support field selection
      any.foo => error: no such overload
      has({'a': 1}.a) => bool true
      has({'a': 1}.b) => bool false
      has(y.c) => bool true
      has(y.d) => bool false
      has(y.a.b) => error: no such overload
      has(y.d.e) => error: no such key: d
      has(x) => compile: invalid argument to has() macro
      1 in [1, 2] => bool true
      3 in [1, 2] => bool false
      1 in [] => bool false
      dyn(1.0) in [1, 2] => bool true
      'a' in {'a': 1} => bool true
      'b' in {'a': 1} => bool false
      dyn(1u) in {1: 1} => bool true
      'x' in y.b => bool true
      2 in items => bool true
      1 in dyn(5) => error: no such overload
      !(4 in items) => bool true
    `);
  });

  it('runs macros', () => {
    check(`
      [1, 2, 3].all(e, e > 0) => bool true
      [1, 2, 3].all(e, e > 1) => bool false
      [].all(e, e > 1) => bool true
      [1, 2, 3].exists(e, e == 2) => bool true
      [1, 2, 3].exists(e, e == 5) => bool false
      [].exists(e, e == 5) => bool false
      [1, 2, 2].exists_one(e, e == 1) => bool true
      [1, 2, 2].exists_one(e, e == 2) => bool false
      [].exists_one(e, e == 2) => bool false
      [1, 2, 3].map(e, e * 2) => list [2,4,6]
      [1, 2, 3].map(e, e > 1, e * 2) => list [4,6]
      [1, 2, 3].filter(e, e > 1) => list [2,3]
      {'a': 1, 'b': 2}.all(k, k != 'c') => bool true
      {'a': 1, 'b': 2}.exists(k, k == 'b') => bool true
      {'a': 1, 'b': 2}.map(k, k + '!') => list ["a!","b!"]
      {'a': 1, 'b': 2}.filter(k, k == 'a') => list ["a"]
      [1, 0, 2].exists(e, 4 / e == 2) => bool true
      [0, 1].exists(e, 4 / e == 3) => error: division by zero
      [0, 1].all(e, 4 / e == 3) => bool false
      [0, 4].all(e, 4 / e == 1) => error: division by zero
      [1, 0].exists_one(e, 4 / e == 4) => error: division by zero
      [1, 0].map(e, 4 / e) => error: division by zero
      [1, 0].filter(e, 4 / e > 1) => error: division by zero
      [dyn(1), 'a'].all(e, e == 1) => bool false
      [1, 2].all(e, dyn('x')) => error: no such overload
      [1, 2].exists(e, dyn('x')) => error: no such overload
      [[1, 2], [3]].map(l, l.map(e, e + 1)) => list [[2,3],[4]]
      [1, 2].map(x, [3, 4].map(x, x)) => list [[3,4],[3,4]]
      [1].map(x, x)[0] + x => int 43
      5.all(e, true) => compile: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)
      any.all(e, true) => error: got 'string', expected iterable type
      [1].all(e.f, true) => compile: argument must be a simple name
      [1].all(e, 1) => compile: found no matching overload for '_&&_' applied to '(bool, int)'
      [1].filter(e, 1) => compile: found no matching overload for '_?_:_' applied to '(int, list(int), list(int))'
      [5, 6].all(i, v, i < v) => bool true
      [5, 6].exists(i, v, i == 1 && v == 6) => bool true
      [5, 6].existsOne(i, v, v > 4) => bool false
      {'a': 'b'}.all(k, v, k < v) => bool true
      {'a': 1, 'b': 1}.exists_one(k, v, k == 'b' && v == 1) => bool true
      [5, 6].transformList(i, v, i * v) => list [0,6]
      [5, 6].transformList(i, v, v > 5, i) => list [1]
      {'a': 1}.transformList(k, v, k) => list ["a"]
      [5, 6].transformMap(i, v, v + i) => map {"0":5,"1":7}
      {'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10) => map {"b":20}
      {'a': 'x'}.transformMapEntry(k, v, {v: k}) => map {"x":"a"}
      {'a': 'x', 'b': 'x'}.transformMapEntry(k, v, {v: k}) => error: insert failed: key x already exists
      [1].transformMapEntry(i, v, v) => compile: found no matching overload for 'cel.@mapInsert' applied to '(map(_var0, _var1), int)'
      [1].all(a, a, true) => compile: duplicate variable name: a
      cel.bind(a, 5, a * a) => int 25
      cel.bind(a, 5, cel.bind(b, a + 1, a * b)) => int 30
      cel.bind(a, 1 / 0, true) => bool true
      cel.bind(a, 1 / 0, a) => error: division by zero
    `);
  });

  it('has optional values', () => {
    check(`
      optional.of(1).hasValue() => bool true
      optional.none().hasValue() => bool false
      optional.of(1).value() => int 1
      optional.none().value() => error: optional.none() dereference
      optional.of(1).orValue(2) => int 1
      optional.none().orValue(2) => int 2
      optional.of(1).orValue(1 / 0) => int 1
      optional.none().or(optional.of(3)).value() => int 3
      optional.ofNonZeroValue(0).hasValue() => bool false
      optional.ofNonZeroValue('').hasValue() => bool false
      optional.ofNonZeroValue(false).hasValue() => bool false
      optional.ofNonZeroValue(true).hasValue() => bool true
      optional.ofNonZeroValue(null).hasValue() => bool false
      optional.ofNonZeroValue({}).hasValue() => bool false
      optional.ofNonZeroValue(0u).hasValue() => bool false
      optional.ofNonZeroValue(0.0).hasValue() => bool false
      optional.ofNonZeroValue(b'').hasValue() => bool false
      optional.ofNonZeroValue(duration('0s')).hasValue() => bool false
      optional.ofNonZeroValue([]).hasValue() => bool false
      optional.ofNonZeroValue('a').value() => string "a"
      {'a': 1}.?a => optional_type 1
      {'a': 1}.?b => optional_type null
      {'a': 1}[?'b'].hasValue() => bool false
      {'a': {'b': 2}}.?a.b.value() => int 2
      {'a': {'b': 2}}.?a.c.hasValue() => bool false
      {'a': {'b': {'c': 2}}}.?z.b.c.hasValue() => bool false
      [1, 2][?1].value() => int 2
      [1, 2][?5].hasValue() => bool false
      y.?d.orValue('none') => string "none"
      has({'a': {'b': 2}}.?a.b) => bool true
      has({'a': {'b': 2}}.?z.b) => bool false
      [?optional.of(1), 2, ?optional.none()] => list [1,2]
      {?'a': optional.of(1), ?'b': optional.none()} => map {"a":1}
      [?dyn(1)] => error: cannot initialize optional list element from non-optional value
      [?1] => compile: expected type 'optional_type(int)' but found 'int'
      optional.of(2).optMap(v, v * 2) => optional_type 4
      optional.none().optMap(v, v * 2) => optional_type null
      optional.of(2).optFlatMap(v, optional.of(v + 1)) => optional_type 3
      optional.of(2).optFlatMap(v, optional.none()) => optional_type null
      5.optMap(v, v) => compile: found no matching overload for 'hasValue' applied to 'int.()'
      optional.of(1) == optional.of(1) => bool true
      optional.of(1) == optional.none() => bool false
      optional.none() == optional.none() => bool true
      optional.of(optional.of(1)) == optional.of(1) => compile: found no matching overload for '_==_' applied to '(optional_type(optional_type(int)), optional_type(int))'
      type(optional.none()) == optional_type => bool true
      [1, 2].first().value() => int 1
      [1, 2].last().value() => int 2
      [].first().hasValue() => bool false
      optional.unwrap([optional.of(1), optional.none()]) => list [1]
      [optional.of(1), optional.none()].unwrapOpt() => list [1]
    `);
  });

  it('converts', () => {
    check(`
      int('42') => int 42
      int('-42') => int -42
      int('+42') => int 42
      int('9223372036854775808') => error: type conversion error from 'string' to 'int'
      int('1.5') => error: type conversion error from 'string' to 'int'
      int('') => error: type conversion error from 'string' to 'int'
      int(1.9) => int 1
      int(-1.9) => int -1
      int(1e19) => error: integer overflow
      int(double('NaN')) => error: integer overflow
      int(42u) => int 42
      int(18446744073709551615u) => error: integer overflow
      int(timestamp('1970-01-01T00:01:00Z')) => int 60
      uint('7') => uint 7
      uint('-7') => error: type conversion error from 'string' to 'uint'
      uint(7) => uint 7
      uint(-7) => error: unsigned integer overflow
      uint(3.9) => uint 3
      uint(-1.0) => error: unsigned integer overflow
      uint(-0.5) => error: unsigned integer overflow
      uint(-0.0) => uint 0
      uint(18446744073709551616.0) => error: unsigned integer overflow
      uint(18446744073709549568.0) => uint "18446744073709549568"
      uint(0.0 / 0.0) => error: unsigned integer overflow
      uint('18446744073709551615') => uint "18446744073709551615"
      uint('18446744073709551616') => error: type conversion error from 'string' to 'uint'
      int(9223372036854775807.0) => error: integer overflow
      int(9223372036854774784.0) => int "9223372036854774784"
      int(-9223372036854775808.0) => error: integer overflow
      int(0.0 / 0.0) => error: integer overflow
      int(1.0 / 0.0) => error: integer overflow
      double('1.5') => double 1.5
      double('-1e3') => double -1000
      double('inf') => double "Infinity"
      double('abc') => error: type conversion error from 'string' to 'double'
      double(3) => double 3
      double(3u) => double 3
      string(1) => string "1"
      string(1u) => string "1"
      string(1.5) => string "1.5"
      string(1000000.0) => string "1e+06"
      string(123456.789) => string "123456.789"
      string(0.00001) => string "1e-05"
      string(-0.0) => string "-0"
      string(double('NaN')) => string "NaN"
      string(1.0 / 0.0) => string "+Inf"
      string(true) => string "true"
      string(b'abc') => string "abc"
      string(b'\\xff') => error: invalid UTF-8 in bytes, cannot convert to string
      string('x') => string "x"
      string(duration('1h45m47s')) => string "6347s"
      string(duration('-1.5s')) => string "-1.5s"
      string(timestamp('2023-02-03T23:31:20.5+01:00')) => string "2023-02-03T23:31:20.5+01:00"
      bytes('é') => bytes "w6k="
      bytes(b'a') => bytes "YQ=="
      bool('true') => bool true
      bool('F') => bool false
      bool('yes') => error: type conversion error from 'string' to 'bool'
      dyn(5) => int 5
      timestamp(0) => google.protobuf.Timestamp "1970-01-01T00:00:00Z"
      timestamp('nope') => compile: invalid timestamp argument
      timestamp('2023-02-29T00:00:00Z') => compile: invalid timestamp argument
      timestamp(s) => error: type conversion error from 'string' to 'google.protobuf.Timestamp'
      duration('nope') => compile: invalid duration argument
      duration(s) => error: type conversion error from 'string' to 'google.protobuf.Duration'
      string([]) => compile: found no matching overload for 'string' applied to '(list(_var0))'
      b => bytes "aGk="
    `);
  });

  it('counts code points', () => {
    check(`
      size('\\U00010000') => int 1
      size('\\U0010ffff\\ue000') => int 2
      size('') => int 0
      size('abc') => int 3
      size('👑') => int 1
      'hëllo 👑'.size() => int 7
      size(s) => int 7
      size(b'\\xff\\x00') => int 2
      size([1, 2]) => int 2
      size({'a': 1}) => int 1
      size(y) => int 3
      size(5) => compile: found no matching overload for 'size' applied to '(int)'
      size(dyn(5)) => error: no such overload
      'abc' + 'def' => string "abcdef"
      'abc'.contains('b') => bool true
      'abc'.contains('') => bool true
      'abc'.startsWith('ab') => bool true
      'abc'.endsWith('bc') => bool true
      'abc'.endsWith('👑') => bool false
      b'a' + b'b' => bytes "YWI="
      [1] + [2, 3] => list [1,2,3]
      ([1] + [2, 3])[2] => int 3
      size([1] + [2, 3]) => int 3
      ([1] + [2, 3]).map(e, e + 1) => list [2,3,4]
      [1] + ['a'] => compile: found no matching overload for '_+_' applied to '(list(int), list(string))'
      items + [4] == [1, 2, 3, 4] => bool true
      'hubba'.matches('ubb') => bool true
      'hubba'.matches('^ubb') => bool false
      matches('hubba', 'a$') => bool true
      'a👑b'.matches('^a.b$') => bool true
      'x'.matches('(') => compile: invalid matches argument
      s.matches('(' + '') => error: error parsing regexp: missing closing ): \`(\`
      'aaa'.matches('(?i)AAA') => bool true
      'ab'.matches('a(?=b)') => compile: invalid matches argument
    `);
  });

  it('knows times', () => {
    check(`
      timestamp('2009-02-13T23:31:30Z') + duration('240s') => google.protobuf.Timestamp "2009-02-13T23:35:30Z"
      duration('120s') + timestamp('2009-02-13T23:31:00Z') => google.protobuf.Timestamp "2009-02-13T23:33:00Z"
      timestamp('2009-02-13T23:31:00Z') - duration('600s') => google.protobuf.Timestamp "2009-02-13T23:21:00Z"
      timestamp('2009-02-13T23:31:00Z') - timestamp('2009-02-13T23:29:00Z') => google.protobuf.Duration "120s"
      duration('600s') + duration('50s') => google.protobuf.Duration "650s"
      duration('600s') - duration('50s') => google.protobuf.Duration "550s"
      timestamp('9999-12-31T23:59:59Z') + duration('1s') => error: timestamp overflow
      timestamp('0001-01-01T00:00:00Z') - duration('1ns') => error: timestamp overflow
      timestamp('0001-01-01T00:00:00Z') - timestamp('9999-12-31T23:59:59Z') => error: duration overflow
      duration('2562047h') + duration('2562047h') => error: duration overflow
      duration('9223372036.854775807s') => google.protobuf.Duration "9223372036.854775807s"
      duration('9223372036.854775807s') + duration('1ns') => error: duration overflow
      duration('-9223372036.854775808s') => google.protobuf.Duration "-9223372036.854775808s"
      duration('-9223372036.854775808s') - duration('1ns') => error: duration overflow
      duration('1.5h') == duration('90m') => bool true
      duration('1h2m3s4ms5us6ns') => google.protobuf.Duration "3723.004005006s"
      duration('-1s') < duration('1s') => bool true
      timestamp('2009-02-13T23:31:00Z') < timestamp('2009-02-13T23:31:00.000000001Z') => bool true
      timestamp('2009-02-13T23:31:00Z') == timestamp('2009-02-14T00:31:00+01:00') => bool true
      timestamp('2009-02-13T23:31:20.123456789Z').getFullYear() => int 2009
      timestamp('2009-02-13T23:31:20.123456789Z').getMonth() => int 1
      timestamp('2009-02-13T23:31:20.123456789Z').getDate() => int 13
      timestamp('2009-02-13T23:31:20.123456789Z').getDayOfMonth() => int 12
      timestamp('2009-02-13T23:31:20.123456789Z').getDayOfWeek() => int 5
      timestamp('2009-02-13T23:31:20.123456789Z').getDayOfYear() => int 43
      timestamp('2009-02-13T23:31:20.123456789Z').getHours() => int 23
      timestamp('2009-02-13T23:31:20.123456789Z').getMinutes() => int 31
      timestamp('2009-02-13T23:31:20.123456789Z').getSeconds() => int 20
      timestamp('2009-02-13T23:31:20.123456789Z').getMilliseconds() => int 123
      timestamp('2009-02-13T23:31:00Z').getDate('Australia/Sydney') => int 14
      timestamp('2009-02-13T02:00:00Z').getDayOfMonth('US/Central') => int 11
      timestamp('2009-02-13T23:31:00Z').getHours('+11:00') => int 10
      timestamp('2009-02-13T23:31:00Z').getHours('02:00') => int 1
      timestamp('2009-02-13T23:31:00Z').getMinutes('Asia/Kathmandu') => int 16
      timestamp('2009-02-13T02:00:00Z').getDayOfMonth('-02:30') => int 11
      timestamp('2009-02-13T23:31:00Z').getHours('Nowhere/Else') => error: unknown time zone Nowhere/Else
      timestamp('0001-01-01T00:00:00Z').getFullYear('America/New_York') => int 0
      timestamp('2000-12-31T23:59:59Z').getDayOfYear() => int 365
      timestamp('2009-02-13T23:31:30+05:45') => google.protobuf.Timestamp "2009-02-13T23:31:30+05:45"
      timestamp('2009-02-13T23:31:30-09:30') => google.protobuf.Timestamp "2009-02-13T23:31:30-09:30"
      timestamp('2009-02-13T23:31:30-00:30').getMinutes() => int 1
      duration('3661s').getHours() => int 1
      duration('3661s').getMinutes() => int 61
      duration('3661s').getSeconds() => int 3661
      duration('1.234s').getMilliseconds() => int 1234
      duration('-90m').getHours() => int -1
    `);
  });

  it('finds mistakes before anything runs', () => {
    check(`
      z => compile: undeclared reference to 'z' (in container '')
      f(1) => compile: undeclared reference to 'f' (in container '')
      x.f() => compile: undeclared reference to 'f' (in container '')
      x.size() => compile: found no matching overload for 'size' applied to 'int.()'
      s.startsWith(1) => compile: found no matching overload for 'startsWith' applied to 'string.(int)'
      [1][0].foo => compile: type 'int' does not support field selection
      Object{a: 1} => compile: undeclared reference to 'Object' (in container '')
      Object{spec: Object.spec{a: 1}} => compile: undeclared reference to 'Object' (in container '')
      items['a'] => compile: found no matching overload for '_[_]' applied to '(list(int), string)'
      dict[1] => compile: found no matching overload for '_[_]' applied to '(map(string, string), int)'
      true && 1 => compile: found no matching overload for '_&&_' applied to '(bool, int)'
      !1 => compile: found no matching overload for '!_' applied to '(int)'
      -'a' => compile: found no matching overload for '-_' applied to '(string)'
      true ? 1 : 'a' => compile: found no matching overload for '_?_:_' applied to '(bool, int, string)'
      1 in 2 => compile: found no matching overload for '@in' applied to '(int, int)'
      'a' == 1 => compile: found no matching overload for '_==_' applied to '(string, int)'
      null == 1 => compile: found no matching overload for '_==_' applied to '(null, int)'
      for => compile: Syntax error: reserved identifier: for
      y.true => compile: Syntax error: mismatched input 'true' expecting IDENTIFIER
      y.in => compile: Syntax error: mismatched input 'in' expecting IDENTIFIER
      y.1 => compile: Syntax error: extraneous input '.1' expecting <EOF>
      x. => compile: Syntax error: mismatched input '<EOF>' expecting IDENTIFIER
      (x => compile: Syntax error: mismatched input '<EOF>' expecting ')'
      x x => compile: Syntax error: extraneous input 'x' expecting <EOF>
      [1 2] => compile: Syntax error: mismatched input '2' expecting ']'
      {'a' 1} => compile: Syntax error: mismatched input '1' expecting ':'
      x ? 1 => compile: Syntax error: mismatched input '<EOF>' expecting ':'
      x = 1 => compile: Syntax error: token recognition error at: '='
      'abc => compile: Syntax error: token recognition error at: ''abc'
    `);
  });

  it('points to the place', () => {
    const source = 'x == 1 &&\n  "日本" == foo';
    const program = compile(language, source);
    expect('errors' in program && issuesText(source, program.errors)).to.equal(
      'ERROR: <input>:2:11: undeclared reference to \'foo\' (in container \'\')\n |   "日本" == foo\n | ...．．.....^');
  });
});
