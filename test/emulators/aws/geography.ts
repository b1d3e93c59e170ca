/** The vendor's regions that are on without being asked for, with how many zones each shows here. */
const zonesOf: Readonly<Record<string, string>> = {
  'ap-northeast-1': 'acd', 'ap-northeast-2': 'abcd', 'ap-northeast-3': 'abc', 'ap-south-1': 'abc', 'ap-southeast-1': 'abc', 'ap-southeast-2': 'abc',
  'ca-central-1': 'abd', 'eu-central-1': 'abc', 'eu-north-1': 'abc', 'eu-west-1': 'abc', 'eu-west-2': 'abc', 'eu-west-3': 'abc', 'sa-east-1': 'abc',
  'us-east-1': 'abcdef', 'us-east-2': 'abc', 'us-west-1': 'bc', 'us-west-2': 'abcd',
};
const continents: Readonly<Record<string, string>> = { ap: 'ap', ca: 'ca', eu: 'eu', sa: 'sa', us: 'us' };
const directions: Readonly<Record<string, string>> = { north: 'n', south: 's', east: 'e', west: 'w', central: 'c', northeast: 'ne', southeast: 'se' };

export interface Zone {
  readonly name: string;
  /** The same place for every account, while names differ: `use1-az1`. */
  readonly id: string;
}

export const regionNames: readonly string[] = Object.keys(zonesOf);
export const isRegion = (name: string): boolean => Object.hasOwn(zonesOf, name);

export function zonesIn(region: string): Zone[] {
  const [continent = '', direction = '', number = ''] = region.split('-');
  const short = `${continents[continent] ?? continent}${directions[direction] ?? direction}${number}`;
  return (zonesOf[region] ?? '').split('').map((letter, index) => ({ name: `${region}${letter}`, id: `${short}-az${index + 1}` }));
}
