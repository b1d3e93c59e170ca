import * as ec2Client from '@aws-sdk/client-ec2';
import * as elbClient from '@aws-sdk/client-elastic-load-balancing-v2';
import { expect } from 'chai';
import { ec2 } from './ec2/service.ts';
import { elb } from './elbv2/service.ts';
import type { Service } from './service.ts';
import type { Fields } from './shapes.ts';

/** As the SDK's schemas are laid out: kind, namespace, name, traits, then what belongs to the kind. */
type Schema = readonly unknown[];
const structure = 3;
const list = 1;
const operation = 9;

/** The schema itself, without laziness and traits around it. */
function unwrapped(member: unknown): { readonly schema: unknown; readonly traits: Readonly<Record<string, string>> } {
  const lazy = typeof member === 'function' ? (member as () => unknown)() : member;
  if (Array.isArray(lazy) && lazy.length === 2 && (typeof lazy[0] !== 'number' || typeof lazy[1] === 'object')) {
    return { schema: unwrapped(lazy[0]).schema, traits: typeof lazy[1] === 'object' ? lazy[1] : {} };
  }
  return { schema: lazy, traits: {} };
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** How `EC2` writes the name of a member, and how plain query does. */
const ec2Name = (name: string, traits: Readonly<Record<string, string>>): string => traits['ec2QueryName'] ?? upper(traits['xmlName'] ?? name);
const plainName = (name: string): string => name;

const isKind = (schema: unknown, kind: number): schema is Schema => Array.isArray(schema) && schema[0] === kind;
/** Simple lists of texts are numbers with this bit. */
const isList = (schema: unknown): boolean => isKind(schema, list) || (typeof schema === 'number' && (schema & 64) !== 0);

interface Facts {
  readonly name: string;
  readonly list: boolean;
  readonly required: boolean;
  readonly element: unknown;
}

function membersOf(schema: Schema, wireName: typeof ec2Name): Facts[] {
  const names = schema[4] as string[];
  const members = schema[5] as unknown[];
  const required = (schema[6] as number | undefined) ?? 0;
  return names.map((name, index) => {
    const { schema: member, traits } = unwrapped(members[index]);
    return { name: wireName(name, traits), list: isList(member), required: index < required, element: isKind(member, list) ? unwrapped(member[4]).schema : member };
  });
}

/** Differences between the table and the SDK, in words. */
function differences(path: string, fields: Fields, schema: Schema, service: Service, wireName: typeof ec2Name, seen = new Set<unknown>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const members = membersOf(schema, wireName);
  const found = members.flatMap(({ name, list: isListed, required, element }): string[] => {
    const field = fields.get(name);
    if (field === undefined) return [`${path}.${name} is missing`];
    const here = [...(field.list === isListed ? [] : [`${path}.${name}: list is ${field.list}`]), ...(field.required === required ? [] : [`${path}.${name}: required is ${field.required}`])];
    if (!isKind(element, structure)) return here;
    return [...here, ...differences(`${path}.${name}`, service.shapes.structure(field.type), element, service, wireName, seen)];
  });
  const extra = [...fields.keys()].filter((name) => !members.some((member) => member.name === name)).map((name) => `${path}.${name} is not the SDK's`);
  return [...found, ...extra];
}

function inputOf(client: object, action: string): Schema {
  const schema = (client as Readonly<Record<string, unknown>>)[`${action}$`];
  if (!isKind(schema, operation)) throw new Error(`the SDK has no ${action}`);
  return unwrapped(schema[4]).schema as Schema;
}

for (const [service, client, wireName] of [[ec2, ec2Client, ec2Name], [elb, elbClient, plainName]] as const) {
  describe(`the table of parameters of ${service.name}`, () => {
    for (const action of Object.keys(service.actions)) {
      it(`knows what the SDK can send for ${action}`, () => {
        expect(differences(action, service.shapes.action(action), inputOf(client, action), service, wireName)).to.deep.equal([]);
      });
    }
  });
}
