import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Cidr } from '#core/api/ip.ts';
import { defaultIssuer } from '#core/authn/issuer.ts';
import { UsageError } from './failure.ts';

export interface Flag {
  readonly name: string;
  /** How help names the value: `DIR`. */
  readonly placeholder: string;
  readonly help: string;
  readonly initial: string;
  /** May be given several times. */
  readonly repeatable?: boolean;
  /** Takes no value: it is `true` when given, else `false`. */
  readonly isSwitch?: boolean;
  /** Why the value cannot be taken; undefined when it can. */
  check?(value: string): string | undefined;
}

/** What a command needs besides flags, by the name under which it is among the values: `FILE`. One in brackets, `[FILE]`, may be left out, and comes last. */
export type Operand = Uppercase<string>;

/** For each flag and operand of a command its values, in the order given: exactly one unless it is repeatable. */
export type FlagValues = ReadonlyMap<string, readonly string[]>;

const oneOf = (...allowed: string[]) => (value: string): string | undefined =>
  (allowed.includes(value) ? undefined : `must be ${allowed.join(' or ').replaceAll(/ or (?=.* or )/g, ', ')}`);

export const platformFlags: readonly Flag[] = [
  { name: 'data-dir', placeholder: 'DIR', help: 'where everything is kept', initial: join(homedir(), '.keelson') },
  { name: 'provider', placeholder: 'NAME', help: 'a platform: local, an npm package, or a path that starts with ./ or /; repeatable', initial: 'local', repeatable: true },
  { name: 'provider-config', placeholder: 'FILE', help: 'settings of providers: YAML with a section for each, such as local:', initial: '' },
  { name: 'store', placeholder: 'NAME', help: 'where objects are stored: sqlite, memory, or etcd://HOST:2379,...', initial: 'sqlite' },
];

export const upFlags: readonly Flag[] = [
  ...platformFlags,
  { name: 'pki-dir', placeholder: 'DIR', help: 'certificates and the token key, which servers of one cluster have in common; pki in the data directory by default', initial: '' },
  { name: 'host', placeholder: 'HOST', help: 'address to listen on', initial: '127.0.0.1' },
  { name: 'port', placeholder: 'N', help: 'port to listen on; 0 takes any free one', initial: '6443', check: checkPort },
  { name: 'advertise-address', placeholder: 'IP', help: 'where nodes and pods reach this server; HOST by default, unless that is of the loopback interface', initial: '', check: checkIp },
  { name: 'nodes', placeholder: 'N', help: 'nodes on this computer: 0 is none, 2 or more are machines of network namespaces; auto is 1 where pods can run', initial: 'auto', check: checkNodes },
  { name: 'setup', placeholder: '', help: 'first install what pods need (Debian, Ubuntu) and start Docker Engine', initial: 'false', isSwitch: true },
  { name: 'cluster-cidr', placeholder: 'RANGE', help: 'addresses of pods; one range of each family; repeatable', initial: '10.244.0.0/16', repeatable: true, check: checkRange },
  { name: 'service-cluster-ip-range', placeholder: 'RANGE', help: 'addresses of services; one range of each family; repeatable', initial: '10.96.0.0/16', repeatable: true, check: checkRange },
  { name: 'token-auth-file', placeholder: 'FILE', help: 'bearer tokens: lines of token,user,uid,"group1,group2"', initial: '' },
  { name: 'service-account-issuer', placeholder: 'URL', help: 'issuer of service account tokens', initial: defaultIssuer, check: checkUrl },
  { name: 'audit-policy-file', placeholder: 'FILE', help: 'which requests are logged (audit.k8s.io/v1 Policy)', initial: '' },
  { name: 'audit-log-path', placeholder: 'FILE', help: 'where they are logged; - is standard output', initial: '' },
  { name: 'log-level', placeholder: 'LEVEL', help: 'error, warn, info or debug', initial: 'info', check: oneOf('error', 'warn', 'info', 'debug') },
  { name: 'log-format', placeholder: 'FORMAT', help: 'text or json', initial: 'text', check: oneOf('text', 'json') },
];

const upFlag = (name: string, changes: Partial<Flag> = {}): Flag[] => upFlags.filter((flag) => flag.name === name).map((flag) => ({ ...flag, ...changes }));

export const ephemeralFlags: readonly Flag[] = [
  { name: 'crds', placeholder: 'PATH', help: 'CustomResourceDefinitions to install: a YAML file, or a folder of them; repeatable', initial: '', repeatable: true },
  { name: 'controllers', placeholder: 'BOOL', help: 'false for an API without control loops', initial: 'true', check: oneOf('true', 'false') },
  ...upFlag('provider', { initial: '' }),
  ...upFlag('port', { initial: '0' }),
  ...upFlag('token-auth-file'),
  ...upFlag('log-level', { initial: 'error' }),
];

const placeFlags = platformFlags.filter(({ name }) => name === 'data-dir' || name === 'store');

export const downFlags: readonly Flag[] = [...upFlag('data-dir'), ...upFlag('provider'), ...upFlag('service-cluster-ip-range')];

export const backupFlags: readonly Flag[] = [
  ...placeFlags,
  ...upFlag('pki-dir'),
  { name: 'force', placeholder: '', help: 'replace FILE when it is there', initial: 'false', isSwitch: true },
];

export const restoreFlags: readonly Flag[] = [
  ...placeFlags,
  ...upFlag('pki-dir'),
  { name: 'force', placeholder: '', help: 'replace the cluster that is there; its data is kept beside', initial: 'false', isSwitch: true },
];

function checkUrl(value: string): string | undefined {
  return URL.canParse(value) && value.startsWith('https://') ? undefined : 'must be an https URL';
}

function checkRange(value: string): string | undefined {
  return Cidr.parse(value) === undefined ? 'must be a range such as 10.244.0.0/16' : undefined;
}

const mostNodes = 50;

function checkNodes(value: string): string | undefined {
  return value === 'auto' || (/^\d{1,2}$/.test(value) && Number(value) <= mostNodes) ? undefined : `must be auto or a number from 0 to ${mostNodes}`;
}

function checkIp(value: string): string | undefined {
  return value === '' || isIP(value) > 0 ? undefined : 'must be an IP address';
}

function checkPort(value: string): string | undefined {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65535 ? undefined : 'must be a number from 0 to 65535';
}

/** @throws {UsageError} */
export function parseFlags(command: string, flags: readonly Flag[], args: readonly string[], operands: readonly Operand[] = []): FlagValues | 'help' {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const { name, isSwitch } of flags) options[name] = { type: isSwitch ? 'boolean' : 'string' };
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const given = new Map<string, string[]>();
  const positional: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positional.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') return 'help';
    const flag = flags.find(({ name }) => name === token.name && token.rawName.startsWith('--'));
    if (!flag) throw new UsageError(`unknown flag ${token.rawName}; ${command} --help lists those there are`);
    given.set(flag.name, [...(flag.repeatable ? given.get(flag.name) ?? [] : []), checked(flag, token)]);
  }
  for (const [name, value] of operandsOf(command, operands, positional)) given.set(name, [value]);
  return new Map([...operands, ...flags].map((each) => (typeof each === 'string' ? [each, given.get(each) ?? []] : [each.name, given.get(each.name) ?? [each.initial]])));
}

function operandsOf(command: string, operands: readonly Operand[], positional: readonly string[]): (readonly [Operand, string])[] {
  const surplus = positional[operands.length];
  if (surplus !== undefined) throw new UsageError(`${command} does not understand "${surplus}"`);
  return operands.flatMap((name, index) => {
    const value = positional[index];
    if (value === undefined && name.startsWith('[')) return [];
    if (value === undefined || value === '') throw new UsageError(`${command} needs ${name}: ${command} ${operands.join(' ')}`);
    return [[name, value] as const];
  });
}

function checked(flag: Flag, { value, inlineValue }: { value?: string | undefined; inlineValue?: boolean | undefined }): string {
  if (flag.isSwitch) {
    if (value !== undefined) throw new UsageError(`--${flag.name} takes no value`);
    return 'true';
  }
  // `--port --host x` forgets a value; `--port=--host` means it.
  if (value === undefined || value === '' || (!inlineValue && value.startsWith('--'))) throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.placeholder}`);
  const trouble = flag.check?.(value);
  if (trouble !== undefined) throw new UsageError(`--${flag.name} ${value}: ${trouble}`);
  return value;
}

/** The value of an operand, or of a flag that is not repeatable. */
export function valueOf(values: FlagValues, name: string): string {
  const value = values.get(name)?.at(-1);
  if (value === undefined) throw new Error(`the command has no flag --${name}`);
  return value;
}
