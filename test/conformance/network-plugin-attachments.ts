import { expect } from 'chai';
import { execa } from 'execa';
import { addressesOf, expectRefused, never, type Checks } from './network-plugin-subject.ts';

export function attachmentChecks(checks: Checks): void {
  checks.define('gives a pod an interface, addresses and a way out', async (subject) => {
    const attachment = await subject.attachment();
    const result = await subject.add(attachment);
    expect(result.ips).not.to.deep.equal([]);
    await subject.expectPlugged(attachment, result);
    for (const family of ['-4', '-6'].slice(0, new Set(addressesOf(result).map((address) => address.includes(':'))).size)) {
      expect(await subject.namespaces.run(attachment.netns, 'ip', family, 'route', 'show', 'default')).to.match(/^default via \S+ dev eth0/);
    }
    await subject.plugin.check(attachment, never);
    await subject.plugin.status(never);
  });

  checks.define('gives back what is there when asked again', async (subject) => {
    const attachment = await subject.attachment();
    const first = await subject.add(attachment);
    expect(await subject.add(attachment)).to.deep.equal(first);
    await subject.expectPlugged(attachment, first);
    await subject.del(attachment);
    await subject.expectUnplugged(attachment);
    await subject.expectNothingLeft();
  });

  checks.define('gives back what is there after a restart', async (subject, skip) => {
    const attachment = await subject.attachment();
    const first = await subject.add(attachment);
    await subject.restart(skip);
    expect(await subject.add(attachment)).to.deep.equal(first);
    await subject.plugin.check(attachment, never);
    const other = await subject.attachment();
    expect(await subject.added(other)).not.to.include.members(addressesOf(first));
    await subject.del(attachment);
    await subject.expectUnplugged(attachment);
  });

  checks.define('lets pods reach each other', async (subject) => {
    const [a, b] = [await subject.attachment(), await subject.attachment()];
    const [, addresses] = [await subject.added(a), await subject.added(b)];
    for (const address of addresses) expect(await subject.namespaces.reaches(a.netns, address), address).to.equal(true);
  });

  checks.define('gives many pods at once different addresses', async (subject) => {
    const attachments = await Promise.all(Array.from({ length: 20 }, () => subject.attachment()));
    const addresses = (await Promise.all(attachments.map((attachment) => subject.added(attachment)))).flat();
    expect(new Set(addresses).size).to.equal(addresses.length);
    await Promise.all(attachments.map((attachment) => subject.del(attachment)));
    for (const attachment of attachments) await subject.expectUnplugged(attachment);
    await subject.expectNothingLeft();
  });

  checks.define('takes a pod\'s interface away, however often it is asked', async (subject) => {
    const [attachment, other] = [await subject.attachment(), await subject.attachment()];
    const [, kept] = [await subject.add(attachment), await subject.add(other)];
    await subject.del(attachment);
    await subject.del(attachment);
    await subject.expectUnplugged(attachment);
    const { netns: _gone, ...without } = attachment;
    await subject.del(without);
    await subject.del({ ...without, netns: '/run/netns/there-is-no-such' });
    await subject.del(await subject.attachment());
    await subject.expectPlugged(other, kept);
    await expectRefused(subject.plugin.check(attachment, never));
    await subject.plugin.check(other, never);
  });

  checks.define('deletes what lost its namespace', async (subject) => {
    const attachment = await subject.attachment();
    await subject.add(attachment);
    await subject.namespaces.remove(attachment.netns);
    const { netns: _gone, ...without } = attachment;
    await subject.del(without);
    await subject.del(attachment);
    await subject.expectNothingLeft();
  });

  checks.define('plugs a namespace again after taking it out', async (subject) => {
    const attachment = await subject.attachment();
    await subject.add(attachment);
    await subject.del(attachment);
    const again = { ...attachment, containerId: `${attachment.containerId.slice(1)}0` };
    await subject.expectUnplugged(attachment);
    await subject.expectPlugged(again, await subject.add(again));
  });

  checks.define('notices that an interface has gone', async (subject) => {
    const attachment = await subject.attachment();
    await subject.add(attachment);
    await execa('nsenter', [`--net=${attachment.netns}`, 'ip', 'link', 'delete', 'eth0']);
    await expectRefused(subject.plugin.check(attachment, never));
    await subject.del(attachment);
    await subject.expectNothingLeft();
  });
}
