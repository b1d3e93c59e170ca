import { settingsOf, type BridgeOptions } from './options.ts';

/** What the module's address can say, beside `BridgeOptions`. */
export interface BridgeModuleOptions extends BridgeOptions {
  /** Where other runtimes may call the plugin; see `cni-shim.ts`. */
  readonly socket?: string;
}

type Reader = (text: string, name: string) => Partial<BridgeModuleOptions>;

const readers: Readonly<Record<string, Reader>> = {
  'bridge': (bridge) => ({ bridge }),
  'mtu': (text, name) => ({ mtu: numberOf(text, name) }),
  'masquerade': (text, name) => ({ masquerade: booleanOf(text, name) }),
  'hairpin': (text, name) => ({ hairpin: booleanOf(text, name) }),
  'block-metadata': (text, name) => ({ blockMetadata: booleanOf(text, name) }),
  'device': (device) => ({ device }),
  'iptables': (iptables) => ({ iptables }),
  'cooldown': (text, name) => ({ cooldownMs: numberOf(text, name) * 1000 }),
  'socket': (socket) => ({ socket }),
};

/**
 * `bridge://MODE?NAME=VALUE&…`: the mode, and options of which each is given once.
 * @throws {Error} naming what makes no sense
 */
export function parseBridgeUrl(text: string): Omit<BridgeModuleOptions, 'stateDir'> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'bridge:' || (url.pathname !== '' && url.pathname !== '/')) throw new Error(`${JSON.stringify(text)} is not an address such as bridge://vxlan?mtu=1400`);
  const options: Partial<BridgeModuleOptions> = url.hostname === '' ? {} : { mode: url.hostname as 'vxlan' };
  for (const [name, value] of url.searchParams) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (reader === undefined) throw new Error(`the bridge network has no option ${JSON.stringify(name)}; it has ${Object.keys(readers).join(', ')}`);
    Object.assign(options, reader(value, name));
  }
  settingsOf({ stateDir: '/', ...options });
  return options;
}

function numberOf(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`the option ${name} must be a number, not ${JSON.stringify(text)}`);
  return Number(text);
}

function booleanOf(text: string, name: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error(`the option ${name} must be true or false, not ${JSON.stringify(text)}`);
  return text === 'true';
}
