import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import { Pod } from './core-v1/pod.ts';
import { checkEnums } from './enums.ts';
import { list, map, oneOf, string, struct } from './type.ts';

const Paint = struct('test.Paint', '', {
  colour: [1, oneOf('red', 'blue'), ''],
  others: [2, list(oneOf('red', 'blue')), ''],
  byRoom: [3, map(oneOf('red', 'blue')), ''],
  name: [4, string, ''],
});
const House = struct('test.House', '', { coats: [1, list(Paint), ''], name: [2, string, ''] });

function found(struct: Parameters<typeof checkEnums>[0], value: unknown): string[] {
  const errors = new FieldErrors();
  checkEnums(struct, value, errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
}

describe('checkEnums', () => {
  it('passes what is in the set or absent', () => {
    expect(found(House, { coats: [{ colour: 'red', others: ['blue'], byRoom: { hall: 'red' } }, {}] })).to.deep.equal([]);
    expect(found(struct('test.Plain', '', { name: [1, string, ''] }), { name: 'x' })).to.deep.equal([]);
  });

  it('reports every other value with its path and what is allowed', () => {
    expect(found(House, { coats: [{ colour: 'green', others: ['red', ''], byRoom: { hall: 'grey' } }] })).to.deep.equal([
      'coats[0].colour: Unsupported value: "green": supported values: "blue", "red"',
      'coats[0].others[1]: Unsupported value: "": supported values: "blue", "red"',
      'coats[0].byRoom[hall]: Unsupported value: "grey": supported values: "blue", "red"',
    ]);
  });

  it('looks into the real tables', () => {
    expect(found(Pod.struct, { spec: { containers: [{ imagePullPolicy: 'Sometimes' }] } }))
      .to.deep.equal(['spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"']);
  });
});
