import { expect } from 'chai';
import { type Checks, expectFailure, never } from './container-runtime-subject.ts';

export function imageChecks(checks: Checks): void {
  checks.define('knows an image by its name, its tag and its id', async (subject) => {
    const { image } = subject.given;
    const status = await subject.runtime.imageStatus(image, never);
    expect(status?.tags).to.include(image);
    expect(status?.size).to.be.greaterThan(0);
    expect(await subject.runtime.imageStatus(status?.id ?? '', never)).to.deep.equal(status);
    expect(await subject.runtime.imageStatus(`docker.io/${image}`, never)).to.deep.equal(status);
    expect((await subject.runtime.listImages(never)).find(({ id }) => id === status?.id)).to.deep.equal(status);
  });

  checks.define('does not take the begin of an id for a name, nor a hostile name for any', async (subject) => {
    const status = await subject.runtime.imageStatus(subject.given.image, never);
    const digits = (status?.id ?? '').split(':').pop() ?? '';
    const names = [digits.slice(0, 6), digits.slice(0, 12), 'keelson-test/no-such-image:1', `${subject.given.image}x`, '', '../containers', 'a b', 'A/B', 'x?y=z', '__proto__', 'é', 'x'.repeat(100_000), `sha256:${'0'.repeat(64)}`, `${subject.given.image}@sha256:${'0'.repeat(64)}`];
    for (const name of names) expect(await subject.runtime.imageStatus(name, never), name.slice(0, 80)).to.equal(undefined);
  });

  checks.define('refuses to pull what is no reference', async (subject) => {
    for (const name of ['', 'UPPER/case', 'a b', '../x', 'x:y:z', '-x']) await expectFailure(subject.runtime.pullImage(name, undefined, never), 'Invalid');
  });

  checks.define('does not remove an image that a container uses, nor one that is not there', async (subject) => {
    const id = await subject.create(await subject.sandbox());
    const { imageId } = await subject.status(id);
    await expectFailure(subject.runtime.removeImage(imageId, never), 'Unavailable');
    await subject.runtime.removeImage(`sha256:${'0'.repeat(64)}`, never);
    expect((await subject.runtime.imageStatus(subject.given.image, never))?.id).to.equal(imageId);
  });
}
