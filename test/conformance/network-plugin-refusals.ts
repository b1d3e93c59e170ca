import { expect } from 'chai';
import type { NetworkAttachment } from '#core/spi/network-plugin.ts';
import { expectRefused, never, type Checks } from './network-plugin-subject.ts';

const hostile = ['', '.', '..', '../../etc/passwd', 'a/b', 'a b', 'a\nlink delete lo', 'a\0b', '-batch', '$(id)', 'é', 'x'.repeat(5000), '"', '#'];

export function refusalChecks(checks: Checks): void {
  checks.define('refuses a namespace that is not there, and can go on', async (subject) => {
    const attachment = await subject.attachment();
    await expectRefused(subject.add({ ...attachment, netns: '/run/netns/there-is-no-such' }));
    await expectRefused(subject.add({ ...attachment, netns: '/etc/passwd' }));
    const { netns: _without, ...none } = attachment;
    await expectRefused(subject.add(none));
    await subject.del({ ...attachment, netns: '/run/netns/there-is-no-such' });
    await subject.expectNothingLeft();
    await subject.expectPlugged(attachment, await subject.add(attachment));
  });

  checks.define('refuses an interface whose name is taken, and leaves nothing', async (subject) => {
    const attachment = await subject.attachment();
    await subject.namespaces.run(attachment.netns, 'ip', 'link', 'add', 'eth0', 'type', 'bridge');
    await expectRefused(subject.add(attachment));
    await subject.del(attachment).catch(() => undefined);
    await subject.expectNothingLeft();
  });

  checks.define('refuses hostile names and paths', async (subject) => {
    const attachment = await subject.attachment();
    const changes = (text: string): Partial<NetworkAttachment>[] => [{ containerId: text }, { ifName: text }, { netns: text === '' ? '/' : text }];
    for (const change of hostile.flatMap(changes)) await expectRefused(subject.add({ ...attachment, ...change }), 4, 5, 6, 7, 8, 100, 102, 999);
    expect(await subject.namespaces.interface(attachment.netns, 'eth0')).to.equal(undefined);
    await subject.expectNothingLeft();
  });

  checks.define('refuses hostile port mappings and rates', async (subject) => {
    const attachment = await subject.attachment();
    const mapping = { hostPort: 18_080, containerPort: 80, protocol: 'tcp' as const };
    const bad: Partial<NetworkAttachment>[] = [
      { portMappings: [{ ...mapping, hostPort: 70_000 }] }, { portMappings: [{ ...mapping, containerPort: -1 }] }, { portMappings: [{ ...mapping, hostIP: '1.2.3.4 -j ACCEPT' }] },
      { portMappings: [{ ...mapping, protocol: 'tcp\nCOMMIT' as 'tcp' }] }, { bandwidth: { ingressRate: Number.NaN } }, { bandwidth: { egressRate: -5 } },
    ];
    for (const change of bad) {
      const each = await subject.attachment(change);
      await expectRefused(subject.add(each));
      await subject.del({ ...each, portMappings: [] }).catch(() => undefined);
    }
    await subject.expectNothingLeft();
    await subject.expectPlugged(attachment, await subject.add(attachment));
  });

  checks.define('gives up when it is told to, and leaves nothing', async (subject) => {
    const attachment = await subject.attachment();
    const stopped = subject.plugin.add(attachment, AbortSignal.abort(new Error('no longer wanted')));
    expect(await stopped.then(() => 'added', () => 'rejected')).to.equal('rejected');
    await subject.plugin.del(attachment, never);
    await subject.expectUnplugged(attachment);
    await subject.expectNothingLeft();
  });
}
