import { expect } from 'chai';
import { FakeMachine } from '#test/fixtures/fake-machine.ts';
import { isLoopback, urlForOthers } from './join-address.ts';

describe('where machines that join reach the server', () => {
  const url = 'https://127.0.0.1:6443';

  it('is the address that it advertises, or on which it listens', async () => {
    expect(await urlForOthers(url, { host: '127.0.0.1', advertise: '192.0.2.7' })).to.equal('https://192.0.2.7:6443');
    expect(await urlForOthers(url, { host: '0.0.0.0', advertise: '2001:db8::7' })).to.equal('https://[2001:db8::7]:6443');
    expect(await urlForOthers('https://192.0.2.9:6443', { host: '192.0.2.9' })).to.equal('https://192.0.2.9:6443');
  });

  it('is that of the default route where it listens everywhere', async () => {
    const machine = new FakeMachine();
    const [v4, v6] = ['0.0.0.0', '::'].map((host) => urlForOthers(url, { host }, machine));
    expect([await v4, await v6]).to.deep.equal(['https://192.0.2.2:6443', 'https://192.0.2.2:6443']);
    machine.network = {};
    expect(await urlForOthers(url, { host: '0.0.0.0' }, machine)).to.equal(url);
  });

  it('is nowhere but here on the loopback interface', async () => {
    expect(await urlForOthers(url, { host: '127.0.0.1' })).to.equal(url);
    expect(['https://127.0.0.1:6443', 'https://localhost', 'https://[::1]:1', 'https://127.example.com', 'https://192.0.2.7'].map(isLoopback)).to.deep.equal([true, true, true, false, false]);
  });
});
