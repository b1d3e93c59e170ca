import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { networkPluginConformance } from '#test/conformance/network-plugin.ts';
import { Namespaces, referencePluginsInstalled } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { CniNetwork } from './cni-network.ts';
import { heldAddresses, pluginsInside, referenceList } from './test-plugins.ts';

describe('the reference plugins', () => {
  before(requires(referencePluginsInstalled));
  networkPluginConformance('cni with bridge, host-local and portmap', async () => {
    const namespaces = new Namespaces();
    const [netns, folder] = [await namespaces.make('node'), await temporaryFolder()];
    const [configDir, stateDir, dataDir] = ['net.d', 'state', 'ipam'].map((name) => join(folder.path, name)) as [string, string, string];
    await mkdir(configDir);
    await writeFile(join(configDir, '10-reference.conflist'), JSON.stringify(referenceList(dataDir)));
    const pluginPaths = [await pluginsInside(folder.path, netns, ['bridge', 'host-local', 'portmap'])];
    const start = (): CniNetwork => new CniNetwork({ stateDir, configDir, pluginPaths }, { clock: systemClock, log: silentLogger });
    return {
      plugin: start(),
      restart: () => Promise.resolve(start()),
      async leftovers() {
        const links = JSON.parse(await namespaces.run(netns, 'ip', '-json', 'link', 'show', 'type', 'veth')) as { ifname: string }[];
        return [...links.map(({ ifname }) => ifname), ...(await heldAddresses(dataDir, 'reference')), ...(await readdir(join(stateDir, 'results')).catch(() => []))];
      },
      async cleanup() {
        await namespaces.clear();
        await folder.remove();
      },
    };
  });
});
