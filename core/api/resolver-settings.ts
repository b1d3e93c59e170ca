/** What a resolv.conf says. */
export interface ResolverSettings {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  /** As written: `ndots:5`, `rotate`. */
  readonly options: readonly string[];
}

/** The settings in a resolv.conf. Of several lines `search` or `options` the last one counts. */
export function parseResolvConf(text: string): ResolverSettings {
  const nameservers: string[] = [];
  let searches: readonly string[] = [];
  let options: readonly string[] = [];
  for (const [word, ...values] of text.split('\n').map((each) => each.trim().split(/\s+/))) {
    if (word === 'nameserver' && values[0] !== undefined) nameservers.push(values[0]);
    else if (word === 'search') searches = values.map((domain) => (domain === '.' ? domain : domain.replace(/\.$/, '')));
    else if (word === 'options') options = values;
  }
  return { nameservers, searches, options };
}
