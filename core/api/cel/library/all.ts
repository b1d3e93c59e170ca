import { functionsOf, type Functions } from '#core/api/cel/function.ts';
import { addresses } from './addresses.ts';
import { authorizers } from './authorizer.ts';
import { lists } from './lists.ts';
import { namedFormats } from './named-formats.ts';
import { optionals } from './optional.ts';
import { quantities } from './quantity.ts';
import { regexes } from './regexes.ts';
import { semvers } from './semver.ts';
import { sets } from './sets.ts';
import { standard } from './standard.ts';
import { strings } from './strings.ts';
import { times } from './times.ts';
import { urls } from './urls.ts';

let functions: Functions | undefined;

/** The language's functions and Kubernetes'. Built when first asked for. */
export const allFunctions = (): Functions =>
  (functions ??= functionsOf(
    standard, times, optionals, strings, lists, sets, regexes, urls, quantities, addresses, namedFormats, semvers, authorizers));
