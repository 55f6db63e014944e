/** What a schema wants at a path: the keys that are valid there, and the value in words. */
import { z } from 'zod';
import { show } from '../core/fault.js';

type Json = Record<string, unknown>;
type Path = readonly PropertyKey[];

export interface SchemaView {
  /** The keys that are valid at a path. */
  keys(path: Path): readonly string[];
  /** The value at a path in words, undefined where the schema has no such place. */
  wanted(path: Path, bounds?: 'least' | 'both'): string | undefined;
}

function optionsOf(schema: Json): Json[] | undefined {
  return (schema.anyOf ?? schema.oneOf ?? schema.allOf) as Json[] | undefined;
}

/** The places that a path leads to; a union has several. */
function placesAt(schema: unknown, path: Path): Json[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const json = schema as Json;
  const options = optionsOf(json);
  const [key, ...rest] = path;
  if (key === undefined) return [json];
  if (options !== undefined) return options.flatMap((option) => placesAt(option, path));
  if (typeof key === 'number') {
    const items = json.prefixItems as Json[] | undefined;
    return placesAt(items?.[key] ?? json.items, rest);
  }
  const properties = json.properties as Record<string, Json> | undefined;
  const own = properties !== undefined && Object.hasOwn(properties, String(key));
  return placesAt(own ? properties[String(key)] : json.additionalProperties, rest);
}

function keysOf(json: Json): string[] {
  const options = optionsOf(json);
  return options === undefined ? Object.keys(json.properties ?? {}) : options.flatMap(keysOf);
}

const kinds: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a table of names and values',
};

/** `a whole number of at least 1`, or with both bounds `a whole number from 1 to 64`. */
function numberText(json: Json, both: boolean): string {
  const what = kinds[String(json.type)]!;
  const bound = (value: unknown) =>
    typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
  const [low, high] = [bound(json.minimum), bound(json.maximum)];
  const above = bound(json.exclusiveMinimum);
  if (json.unit === 'share') return 'a share from 0 to 1';
  if (both && low !== undefined && high !== undefined) return `${what} from ${low} to ${high}`;
  const least =
    above !== undefined ? ` above ${above}` : low !== undefined ? ` of at least ${low}` : '';
  return `${what}${least}${both && high !== undefined ? ` and at most ${high}` : ''}`;
}

function inWords(json: Json, both: boolean): string | undefined {
  const options = optionsOf(json);
  if (options !== undefined) {
    const texts = options.map((option) => inWords(option, both));
    return [...new Set(texts.filter((text) => text !== undefined))].join(', or ');
  }
  if (json.const !== undefined) return show(json.const);
  if (Array.isArray(json.enum)) return json.enum.map(show).join(' or ');
  if (json.type === 'string') return json.minLength === 1 ? 'a text that is not empty' : 'a text';
  if (json.type === 'array' && typeof json.minItems === 'number')
    return `a list of at least ${json.minItems} value${json.minItems === 1 ? '' : 's'}`;
  if (json.type === 'integer' || json.type === 'number') return numberText(json, both);
  return kinds[String(json.type)];
}

/** Looks into a schema by way of its JSON Schema. */
export function schemaView(schema: z.ZodType): SchemaView {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return {
    keys: (path) => [...new Set(placesAt(json, path).flatMap(keysOf))],
    wanted(path, bounds = 'least') {
      const texts = placesAt(json, path).map((place) => inWords(place, bounds === 'both'));
      const known = [...new Set(texts.filter((text) => text !== undefined && text !== ''))];
      return known.length === 0 ? undefined : known.join(', or ');
    },
  };
}
