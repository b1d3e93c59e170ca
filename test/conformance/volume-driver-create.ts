import { expect } from 'chai';
import { canSnapshot, checksParameters } from '#core/spi/volume-driver.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, hostileNames } from './volume-driver-subject.ts';

export function createChecks(checks: Checks): void {
  checks.define('makes a volume that holds what was asked for', async (subject) => {
    const volume = await subject.create();
    expect(volume.capacity >= subject.size, `${volume.capacity} bytes for ${subject.size}`).to.equal(true);
    expect(volume.id).not.to.equal('');
    expect(Buffer.byteLength(volume.id), 'bytes of the id').to.be.at.most(128);
    await subject.expectOnly(volume);
  });

  checks.define('returns the same volume to the same request', async (subject) => {
    const request = subject.request();
    const first = await subject.create(request);
    expect(await subject.create(request)).to.deep.equal(first);
    expect(await subject.create(structuredClone(request))).to.deep.equal(first);
    await subject.expectOnly(first);
  });

  checks.define('returns the volume to a request that it satisfies, and refuses one for more', async (subject) => {
    const request = subject.request({ capacity: { required: subject.size * 2n } });
    const first = await subject.create(request);
    expect(await subject.create({ ...request, capacity: { required: subject.size } })).to.deep.equal(first);
    await refusesCrossed(subject, request, { capacity: { required: first.capacity + 1n } });
    await refusesCrossed(subject, request, { capacity: { required: subject.size, limit: first.capacity - 1n } });
  });

  checks.define('refuses the name of a volume made with other parameters', async (subject, skip) => {
    const { otherParameters } = subject.given;
    if (otherParameters === undefined) return skip('no other parameters given');
    await refusesCrossed(subject, subject.request(), { parameters: otherParameters });
  });

  checks.define('keeps to the limit', async (subject) => {
    const volume = await subject.create(subject.request({ capacity: { required: subject.size, limit: subject.size } }));
    expect(volume.capacity).to.equal(subject.size);
  });

  checks.define('refuses a limit under what is required', async (subject) => {
    await refuses(subject, { capacity: { required: subject.size, limit: subject.size - 1n } });
  });

  checks.define('refuses an unknown parameter by its name', async (subject) => {
    const parameters = { ...subject.given.parameters, 'no-such-parameter': 'x' };
    expect((await refuses(subject, { parameters })).message).to.include('no-such-parameter');
    expect((await refuses(subject, { parameters: Object.fromEntries([['__proto__', 'x']]) })).message).to.include('__proto__');
    const { driver } = subject;
    if (!checksParameters(driver)) return;
    driver.checkParameters(subject.given.parameters ?? {});
    await expectFailure(Promise.resolve().then(() => driver.checkParameters(parameters)), 'Invalid');
  });

  checks.define('refuses a source when it cannot copy', async (subject, skip) => {
    if (canSnapshot(subject.driver)) return skip('the driver can');
    await refuses(subject, { source: { kind: 'snapshot', id: 'snapshot-1' } });
  });

  checks.define('refuses what does not fit, and leaves nothing', async (subject, skip) => {
    const { tooLarge } = subject.given;
    if (tooLarge === undefined) return skip('no size given that is too large');
    const request = subject.request();
    await expectFailure(subject.create({ ...request, capacity: { required: tooLarge } }), 'Exhausted');
    await subject.expectOnly();
    await expectFailure(subject.create({ ...request, capacity: { required: 2n ** 62n } }), 'Exhausted', 'Invalid');
    await subject.expectOnly();
    await subject.expectOnly(await subject.create(request));
  });

  checks.define('makes nothing under a hostile name', async (subject) => {
    for (const name of hostileNames) await refuses(subject, { name });
  });

  checks.define('treats the owner as words', async (subject) => {
    const request = subject.request();
    await subject.expectOnly(await subject.create({ ...request, owner: { ...request.owner, namespace: '../../etc', name: '$(id)\n"\0' } }));
  });

  checks.define('answers to each of its names', async (subject) => {
    for (const provisioner of [subject.driver.name, ...(subject.driver.aliases ?? [])]) await subject.create(subject.request({ provisioner }));
  });
}

async function refuses(subject: Subject, change: Parameters<Subject['request']>[0]): Promise<Error> {
  const error = await expectFailure(subject.create(subject.request(change)), 'Invalid');
  await subject.expectOnly();
  return error;
}

async function refusesCrossed(subject: Subject, request: ReturnType<Subject['request']>, change: Parameters<Subject['request']>[0]): Promise<void> {
  const first = await subject.create(request);
  await expectFailure(subject.create({ ...request, ...change }), 'AlreadyExists');
  await subject.expectOnly(first);
  expect(await subject.create(request), 'the first volume').to.deep.equal(first);
}
