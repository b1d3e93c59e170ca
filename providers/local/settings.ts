import { Quantity } from '#core/api/quantity.ts';

/** What an operator may decide about the local provider. */
export interface LocalSettings {
  readonly nodePaths: readonly string[];
  readonly poolSize: bigint | undefined;
  /** Ranges of addresses for load balancers; with none they have the machine's own. */
  readonly loadBalancerPool: readonly string[];
  /** Services of type LoadBalancer are served; false where somebody else does that. */
  readonly loadBalancers: boolean;
  /** This computer's own network has routes to machines' pods. */
  readonly routes: boolean;
}

/** Environment variables, and beside them the names in a file. */
const variables = { nodePaths: 'KEELSON_LOCAL_NODE_PATHS', poolSize: 'KEELSON_LOCAL_POOL_SIZE', loadBalancerPool: 'KEELSON_LOCAL_LOAD_BALANCER_POOL', loadBalancers: 'KEELSON_LOCAL_LOAD_BALANCERS', routes: 'KEELSON_LOCAL_ROUTES' } as const;

/**
 * What the file says, and for what it does not mention the environment.
 * @throws {RangeError} naming the setting or the variable
 */
export function localSettings(environment: Readonly<Record<string, string | undefined>>, config: Readonly<Record<string, unknown>> = {}): LocalSettings {
  const unknown = Object.keys(config).find((name) => !Object.hasOwn(variables, name));
  if (unknown !== undefined) throw new RangeError(`the local provider has no setting ${JSON.stringify(unknown)}; it has ${Object.keys(variables).join(', ')}`);
  const of = (name: keyof typeof variables, separator: string): { readonly from: string; readonly values: readonly string[] } => {
    const from = config[name] === undefined ? variables[name] : `local.${name}`;
    const values = textsOf(config[name] ?? (environment[variables[name]] ?? '').split(separator).map((text) => text.trim()).filter((text) => text !== ''));
    if (values === undefined) throw new RangeError(`${from} must be a text or a list of them, not ${JSON.stringify(config[name])}`);
    return { from, values };
  };
  const { from, values: [size] } = of('poolSize', '\n');
  return { nodePaths: of('nodePaths', ':').values, poolSize: size === undefined ? undefined : bytes(from, size), loadBalancerPool: of('loadBalancerPool', ',').values, loadBalancers: truth(of('loadBalancers', '\n'), 'true'), routes: truth(of('routes', '\n'), 'false') };
}

function truth({ from, values }: { readonly from: string; readonly values: readonly string[] }, byDefault: 'true' | 'false'): boolean {
  const [text = byDefault] = values;
  if (text !== 'true' && text !== 'false') throw new RangeError(`${from} must be true or false, not ${JSON.stringify(text)}`);
  return text === 'true';
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

function bytes(from: string, text: string): bigint {
  const size = Quantity.isValid(text) ? Quantity.parse(text).value() : 0n;
  if (size <= 0n) throw new RangeError(`${from} must be an amount of bytes such as 20Gi, not ${JSON.stringify(text)}`);
  return size;
}
