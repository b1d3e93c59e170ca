import { expect } from 'chai';
import { addressesOf, expectRefused, never, type Checks } from './network-plugin-subject.ts';

export function collectionChecks(checks: Checks): void {
  checks.define('releases what is not in the list, and keeps what is', async (subject) => {
    const [kept, gone, dead] = [await subject.attachment(), await subject.attachment(), await subject.attachment()];
    const results = await Promise.all([kept, gone, dead].map((attachment) => subject.add(attachment)));
    await subject.namespaces.remove(dead.netns);
    await subject.plugin.gc([{ containerId: kept.containerId, ifName: kept.ifName }], never);
    await subject.plugin.check(kept, never);
    await subject.expectPlugged(kept, results[0]!);
    await subject.expectUnplugged(gone);
    await expectRefused(subject.plugin.check(gone, never));
    await subject.del(kept);
    await subject.expectNothingLeft();
  });

  checks.define('releases everything for an empty list', async (subject) => {
    const attachments = await Promise.all(Array.from({ length: 5 }, () => subject.attachment()));
    await Promise.all(attachments.map((attachment) => subject.add(attachment)));
    await subject.plugin.gc([], never);
    for (const attachment of attachments) await subject.expectUnplugged(attachment);
    await subject.expectNothingLeft();
  });

  checks.define('releases what was made before a restart', async (subject, skip) => {
    const [kept, gone] = [await subject.attachment(), await subject.attachment()];
    const [result] = [await subject.add(kept), await subject.add(gone)];
    await subject.restart(skip);
    await subject.plugin.gc([kept], never);
    expect(addressesOf(await subject.add(kept))).to.deep.equal(addressesOf(result));
    await subject.expectUnplugged(gone);
  });

  checks.define('tells interfaces of one container apart', async (subject) => {
    const one = await subject.attachment();
    const two = { ...one, ifName: 'net1', netns: await subject.namespaces.make('pod') };
    const [, result] = [await subject.add(one), await subject.add(two)];
    await subject.plugin.gc([{ containerId: two.containerId, ifName: 'net1' }], never);
    await subject.expectUnplugged(one);
    await subject.expectPlugged(two, result);
  });
}
