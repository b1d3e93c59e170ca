import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { DeviceNames } from './device-names.ts';

const instance = (devices: readonly (readonly [string, string])[]): Parameters<DeviceNames['learn']>[0] => ({ id: 'i-1', state: 'running', type: 'm5.large', devices: devices.map(([device, volumeId]) => ({ device, volumeId })) });

describe('DeviceNames', () => {
  it('gives each volume a name of its own, and the same one again', () => {
    const names = new DeviceNames();
    names.learn(instance([['/dev/xvda', 'vol-root'], ['/dev/xvdaa', 'vol-other']]));
    expect(names.reserve('i-1', 'vol-1')).to.equal('/dev/xvdab');
    expect(names.reserve('i-1', 'vol-2')).to.equal('/dev/xvdac');
    expect(names.reserve('i-1', 'vol-1')).to.equal('/dev/xvdab');
    expect(names.reserve('i-1', 'vol-other')).to.equal('/dev/xvdaa');
    expect(names.volumesOf('i-1')).to.have.members(['vol-root', 'vol-other', 'vol-1', 'vol-2']);
    expect(names.reserve('i-2', 'vol-1')).to.equal('/dev/xvdaa');
  });

  it('gives a name again only after all the others of the good ones', () => {
    const names = new DeviceNames();
    names.reserve('i-1', 'vol-1');
    names.release('i-1', 'vol-1');
    const given = Array.from({ length: 52 }, (_each, index) => names.reserve('i-1', `vol-x${index}`));
    expect(given.at(-1)).to.equal('/dev/xvdaa');
    expect(new Set(given).size).to.equal(52);
  });

  it('never gives a name that is spoilt', () => {
    const names = new DeviceNames();
    expect(names.reserve('i-1', 'vol-1')).to.equal('/dev/xvdaa');
    names.release('i-1', 'vol-1');
    names.spoil('i-1', '/dev/xvdaa');
    const given = Array.from({ length: 125 }, (_each, index) => names.reserve('i-1', `vol-x${index}`));
    expect(given).not.to.include('/dev/xvdaa');
    expect(new Set(given).size).to.equal(125);
    expect(() => names.reserve('i-1', 'vol-more')).to.throw(/no device name left for volume vol-more/).that.satisfies((error: unknown) => ProviderError.is(error, 'Exhausted'));
    for (const name of given) expect(name).to.match(/^\/dev\/(xvd[abd][a-z]|xvd[b-z]|sd[b-z])$/);
  });
});
