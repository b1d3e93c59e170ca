import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const usage = `Real nodes for the instances of emulated clouds: npm run emulate:machines -- [--aws URL] [--gcp URL] [--launch N] [--data-dir DIR]

  --aws URL        where "npm run emulate:aws" is, such as http://127.0.0.1:4566
  --gcp URL        where "npm run emulate:gcp" is, such as http://127.0.0.1:4567
  --launch N       launch so many instances in each, and terminate them in the end; 0 when absent
  --zone ZONE      where AWS's are launched; us-west-2a when absent
  --gcp-zone ZONE  where Google's are; us-central1-a when absent
  --project NAME   of Google's; emulated-project when absent
  --data-dir DIR   of the control plane that they join, which has machines itself: "npm start -- --nodes 2 …"; ~/.keelson when absent
`;

export interface Options {
  readonly aws: string | undefined;
  readonly gcp: string | undefined;
  readonly launch: number;
  readonly zone: string;
  readonly gcpZone: string;
  readonly project: string;
  readonly dataDir: string;
}

const text = (initial: string) => ({ type: 'string', default: initial }) as const;
const flags = {
  aws: text(''), gcp: text(''), launch: text('0'), zone: text('us-west-2a'), 'gcp-zone': text('us-central1-a'), project: text('emulated-project'), 'data-dir': text(join(homedir(), '.keelson')), help: { type: 'boolean', default: false },
} as const;

/** Undefined when help is asked for. @throws {Error} saying what is wrong */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({ args: [...args], options: flags });
  if (values.help) return undefined;
  const [aws, gcp] = [address('aws', values.aws), address('gcp', values.gcp)];
  if (aws === undefined && gcp === undefined) throw new Error('no cloud is named: give --aws, --gcp or both');
  const launch = Number(values.launch);
  if (!Number.isInteger(launch) || launch < 0 || launch > 20) throw new Error(`--launch must be a number from 0 to 20, not "${values.launch}"`);
  return { aws, gcp, launch, zone: values.zone, gcpZone: values['gcp-zone'], project: values.project, dataDir: resolve(values['data-dir']) };
}

function address(name: string, given: string): string | undefined {
  if (given !== '' && !URL.canParse(given)) throw new Error(`--${name} must be an address such as http://127.0.0.1:4566, not "${given}"`);
  return given === '' ? undefined : given.replace(/\/$/, '');
}
