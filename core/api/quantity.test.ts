import { expect } from 'chai';
import { Quantity } from './quantity.ts';

describe('Quantity', () => {
  // As `resource.MustParse(x).String()` writes them.
  const canonical: Record<string, string> = {
    '0': '0', '0Mi': '0', '1': '1', '1000': '1k', '1500': '1500', '1500m': '1500m', '2000m': '2', '0.1': '100m', '.5': '500m', '1.': '1',
    '1Ki': '1Ki', '1024Mi': '1Gi', '0.5Gi': '512Mi', '1.5Gi': '1536Mi', '1000Ki': '1000Ki', '1023': '1023', '512': '512', '0.5Ki': '512',
    '1e3': '1e3', '1E3': '1e3', '12e6': '12e6', '1e-3': '1e-3', '-1.5Gi': '-1536Mi', '+5': '5', '1M': '1M', '1000M': '1G', '100E': '9223372036854775807',
    '0.0000000001': '1n', '0.1n': '1n', '3u': '3u', '1.25Ti': '1280Gi', '8Ei': '9223372036854775807',
  };
  for (const [text, expected] of Object.entries(canonical)) it(`writes ${text} as ${expected}`, () => expect(Quantity.parse(text).toString()).to.equal(expected));

  for (const text of ['', '.', '-', '1 Gi', 'Gi', '1GiB', '1e', '1ee3', '0x10', '1_000', '１', `${'9'.repeat(65)}`, '1k5']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => Quantity.parse(text)).to.throw(RangeError, 'quantities must match'));
  }

  it('counts whole units upwards', () => {
    expect(Quantity.parse('1500m').value()).to.equal(2n);
    expect(Quantity.parse('1Gi').value()).to.equal(1_073_741_824n);
    expect(Quantity.parse('-1500m').value()).to.equal(-1n);
  });

  it('compares and adds exactly, whatever the suffix', () => {
    expect(Quantity.parse('1Gi').compare(Quantity.parse('1G'))).to.equal(1);
    expect(Quantity.parse('1000m').compare(Quantity.parse('1'))).to.equal(0);
    expect(Quantity.parse('0.1').plus(Quantity.parse('0.2')).toString()).to.equal('300m');
    expect(Quantity.parse('1Gi').minus(Quantity.parse('512Mi')).toString()).to.equal('512Mi');
  });

  it('is the same when what it wrote is read again', () => {
    for (const text of Object.keys(canonical)) {
      const once = Quantity.parse(text);
      expect(Quantity.parse(once.toString()).nanos, text).to.equal(once.nanos);
    }
  });
});
