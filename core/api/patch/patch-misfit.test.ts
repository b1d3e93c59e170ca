import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { decode, strictDecodingError } from '#core/api/schema/decode.ts';
import { StatusError } from '#core/api/status-error.ts';
import { goText, patchMisfit } from './patch-misfit.ts';

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('A patch whose outcome cannot be read', () => {
  it('is Invalid, with the words of what is wrong', () => {
    const error = patchMisfit(thrownBy(() => decode(ConfigMap.struct, { metadata: {}, data: { a: 1 } }, { kind: ConfigMap })), () => '{"data":{"a":1}}') as StatusError;
    expect(error.status()).to.deep.include({ reason: 'Invalid', code: 422 });
    expect(error.message).to.equal(' "" is invalid: patch: Invalid value: "{\\"data\\":{\\"a\\":1}}": json: cannot unmarshal number into Go struct field ConfigMap.data of type string');
    expect(error.details).to.deep.equal({ causes: [{ reason: 'FieldValueInvalid', field: 'patch', message: error.message.slice(' "" is invalid: patch: '.length) }] });
  });

  it('is Invalid for unknown fields too', () => {
    expect((patchMisfit(strictDecodingError(ConfigMap, ['dta'], []), () => 'map[dta:map[]]') as StatusError).message)
      .to.equal(' "" is invalid: patch: Invalid value: "map[dta:map[]]": strict decoding error: unknown field "dta"');
  });

  it('leaves other errors alone', () => {
    for (const error of [StatusError.badRequest('the name does not match'), new Error('a bug'), undefined]) expect(patchMisfit(error, () => '')).to.equal(error);
  });

  it('is shown as Go shows it', () => {
    expect(goText({ spec: { b: [1, 'two', true, null], a: {} }, ['__proto__']: { x: 1.5 } })).to.equal('map[__proto__:map[x:1.5] spec:map[a:map[] b:[1 two true <nil>]]]');
  });
});
