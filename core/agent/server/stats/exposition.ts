export interface Sample {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly value: number;
  /** Milliseconds since the epoch at which it was measured. */
  readonly time?: number | undefined;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

/** Prometheus' text format 0.0.4. Families without samples are left out. */
export const exposition = (families: readonly MetricFamily[]): string => families.filter(({ samples }) => samples.length > 0).map(familyText).join('');

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

function familyText({ name, help, type, samples }: MetricFamily): string {
  const lines = samples.map(({ labels = {}, value, time }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}${time === undefined ? '' : ` ${Math.round(time)}`}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
const escaped = (text: string): string => text.replaceAll(/[\\"\n]/g, (character) => escapes[character] ?? '');
